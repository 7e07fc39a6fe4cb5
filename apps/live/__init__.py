"""The live core: an event log followed into a board in memory, and streamed to every subscriber."""
