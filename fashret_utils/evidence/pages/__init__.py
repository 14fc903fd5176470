"""What pages make of records: means of runs, courses of searches, drawings kept beside them."""
