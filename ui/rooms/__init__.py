"""Rooms of the page: each is one `gradio.Blocks` behind a path of ours.

`ui.rooms.all_rooms` lists them; `ui.rooms.room` says what a room is.
"""
