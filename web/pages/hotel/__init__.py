"""The hotel as a technician sees it: rooms, phones, incidents; read in few queries."""
