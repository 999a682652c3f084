package calendar

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/strict"
)

// Calendar says who owes what by when, for one catalogue. It does not change after it was
// read.
type Calendar struct {
	catalogue *catalogue.Catalogue
	version   string
	workdays  *workdays
	entries   []*entry
}

// file is a calendar as it is written.
type file struct {
	Obligations []entry    `yaml:"obligations"`
	Holidays    []Holidays `yaml:"holidays"`
}

// entry is what some areas owe of one dataset.
type entry struct {
	Dataset string `yaml:"dataset"`
	// Periods are the kinds of period that are owed.
	Periods []catalogue.PeriodKind `yaml:"periods"`
	// Areas are those that the entry is for. Empty is every district and carved-out zone
	// that the dataset has indicators for, and the city where the dataset has some that only
	// the city reports. An entry that names an area counts for it instead of one that names
	// none.
	Areas []string `yaml:"areas"`
	// Exempt areas owe nothing.
	Exempt bool `yaml:"exempt"`
	// ValidFrom is the first day of the first period owed, and ValidTo the first day of the
	// first one that is owed no longer.
	ValidFrom catalogue.Date `yaml:"valid_from"`
	ValidTo   catalogue.Date `yaml:"valid_to"`
	// Skip are periods of each year that are not owed, by number: 1 of months is January.
	Skip []int `yaml:"skip"`
	// Deadline left out is the dataset's due_days after the period.
	Deadline Rule `yaml:"deadline"`
	Grace    Rule `yaml:"grace"`
	Lock     Rule `yaml:"lock"`
	Final    Rule `yaml:"final"`

	members []string           // the areas that owe, in order
	of      *catalogue.Dataset // the dataset
}

// Load reads a calendar file and checks it against a catalogue. Mistakes are reported as by
// [Parse].
func Load(path string, c *catalogue.Catalogue) (*Calendar, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read calendar: %w", err)
	}
	return Parse(path, text, c)
}

// Parse reads a calendar strictly and reports every mistake at once, each with its line and
// its path in the text, which came from source.
func Parse(source string, text []byte, c *catalogue.Catalogue) (*Calendar, error) {
	var f file
	decoder := strict.NewDecoder(source, &f)
	decoder.Document(text)
	decoder.Add(checkHolidays(f.Holidays))
	table, err := newWorkdays(f.Holidays)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(slices.Concat(text, builtInHolidays, []byte(c.Version())))
	calendar := &Calendar{catalogue: c, workdays: table, version: hex.EncodeToString(sum[:6])}
	for i := range f.Obligations {
		calendar.entries = append(calendar.entries, &f.Obligations[i])
	}
	decoder.Add(calendar.check())
	if err := decoder.Err(); err != nil {
		return nil, err
	}
	return calendar, nil
}

// Empty reports whether nothing is owed by anybody.
func (c *Calendar) Empty() bool { return len(c.entries) == 0 }

// Version identifies what the calendar follows from: 12 hex digits of the SHA-256 of its text,
// of the built-in holidays and of the catalogue's version.
func (c *Calendar) Version() string { return c.version }

// Catalogue returns the catalogue that the calendar was read against.
func (c *Calendar) Catalogue() *catalogue.Catalogue { return c.catalogue }

// HolidayYears returns the years whose days off are known, in order.
func (c *Calendar) HolidayYears() []int {
	years := make([]int, 0, len(c.workdays.years))
	for year := range c.workdays.years {
		years = append(years, year)
	}
	slices.Sort(years)
	return years
}

// IsWorkingDay reports whether a day, given by its midnight in UTC, is a working day, and
// whether the table has the holidays of its year. Where it does not, days off are Saturdays
// and Sundays.
func (c *Calendar) IsWorkingDay(day time.Time) (worked, known bool) {
	return c.workdays.worked(day), c.workdays.years[day.Year()]
}

// problems collects mistakes.
type problems []error

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Errorf(format, args...)) }

func (p problems) join() error { return errors.Join(p...) }
