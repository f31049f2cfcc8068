"""Reading a sentence: what it claims of what, on which side, how surely, and with which figures."""
