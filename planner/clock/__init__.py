"""Time: dates, days and slots that tell a year, hours, profiles, ramps."""
