package present

import (
	"fmt"

	"github.com/citytally/citytally/configs/catalogue"
)

// Period names a period: 2021年, 2021年三季度, 2021年1—6月; in English 2021, third
// quarter of 2021, January to June 2021.
func (p *Printer) Period(period catalogue.Period) string {
	words, year, index := &p.words().PeriodName, int(period.Year), period.Index-1
	switch {
	case period.Kind == catalogue.Half:
		return fmt.Sprintf(words.Half, year, words.Halves[index])
	case period.Kind == catalogue.Quarter:
		return fmt.Sprintf(words.Quarter, year, words.Quarters[index])
	case period.Kind == catalogue.Month, period.Kind == catalogue.YearToDate && index == 0:
		return fmt.Sprintf(words.Month, year, words.Months[index])
	case period.Kind == catalogue.YearToDate:
		return fmt.Sprintf(words.YearToDate, year, words.Months[index])
	}
	return fmt.Sprintf(words.Year, year)
}

// periodName names the period of a code; what is no code it returns as it is.
func (p *Printer) periodName(code string) string {
	period, err := catalogue.ParsePeriod(code)
	if err != nil {
		return code
	}
	return p.Period(period)
}

// base returns what the period of a code is compared with: a year with the year before, a
// part of it with the same part.
func (p *Printer) base(code string) *BaseWords {
	if period, err := catalogue.ParsePeriod(code); err == nil {
		return p.words().Base(period)
	}
	return &p.words().YearBefore
}
