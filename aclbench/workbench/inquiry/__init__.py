"""Questions to a run: explain, stories, searches, timelines, differences."""
