// Package calendar says who owes which periods of which dataset, and by when.
//
// In comes a calendar file, read against a catalogue, and out a [Calendar] that was checked
// as a whole, or all mistakes in it. A deadline is a rule, such as "8th working day" or
// "February 14 of the next year or next working day"; the calendar turns it into an instant
// in the city's time zone. Working days follow the holidays of the People's Republic of
// China and the weekend days that are worked instead (调休), from holidays.yaml in this
// folder, year by year as the State Council announces them.
//
// What never happens: a year that the table of holidays lacks is passed over in silence.
// Days off are then Saturdays and Sundays alone, and [Due] names the year. An area owes
// nothing for a period on whose last day it does not exist.
package calendar
