"""Every room, in the order of the bar."""

from ui.rooms import admin, history, review, worklist
from ui.rooms.room import Room

ROOMS: tuple[Room, ...] = (worklist.ROOM, review.ROOM, history.ROOM, admin.ROOM)
