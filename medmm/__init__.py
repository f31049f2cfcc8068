"""medmm."""
