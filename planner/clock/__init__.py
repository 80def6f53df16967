"""Time: dates, days and slots that represent a year, hours, profiles, ramps."""
