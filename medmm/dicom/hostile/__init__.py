"""The border where untrusted bytes are read under limits before any parser or codec sees them."""
