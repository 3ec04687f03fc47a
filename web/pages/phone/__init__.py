"""One phone as a technician sees it: what it says, what happened, what can be done."""
