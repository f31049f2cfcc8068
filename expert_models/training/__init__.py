"""What every recipe shares: splits by patient, one training loop, intervals, export, curves.

Heavy libraries (torch, monai) are imported inside functions: listing recipes costs none of them.
"""
