"""What runs beside the web: relay, timetable, and the actors that facts are delivered to."""
