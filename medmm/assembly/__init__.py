"""Puts real parts into the seams: the one room that knows settings, plug-ins and all others.

Nothing is imported here, so that a command pays only for the rooms that it enters.
"""
