package configs

import (
	_ "embed"
	"fmt"

	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
)

// The built-in calendar, that of the built-in catalogue.
//
//go:embed calendar.yaml
var defaultCalendar []byte

// LoadCalendar reads the calendar that the settings name, or the built-in one, against the
// catalogue. With another catalogue than the built-in one and no calendar file nothing is owed.
func (s *Settings) LoadCalendar(c *catalogue.Catalogue) (*calendar.Calendar, error) {
	if s.Calendar != "" {
		return calendar.Load(s.Calendar, c)
	}
	text := defaultCalendar
	if known, err := catalogue.Parse(defaultCatalogue); err != nil || s.Catalogue != "" || known.Version() != c.Version() {
		text = nil
	}
	built, err := calendar.Parse("built-in calendar", text, c)
	if err != nil {
		return nil, fmt.Errorf("read built-in calendar: %w", err)
	}
	return built, nil
}
