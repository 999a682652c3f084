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
// catalogue. Without a calendar file, nothing is owed under the catalogue of another city than the
// built-in one's, and under one that the built-in calendar does not fit.
func (s *Settings) LoadCalendar(c *catalogue.Catalogue) (*calendar.Calendar, error) {
	if s.Calendar != "" {
		return calendar.Load(s.Calendar, c)
	}
	if known, err := catalogue.Parse(defaultCatalogue); err == nil && s.Catalogue == "" && known.City == c.City {
		if built, err := calendar.Parse("built-in calendar", defaultCalendar, c); err == nil {
			return built, nil
		}
	}
	none, err := calendar.Parse("no calendar", nil, c)
	if err != nil {
		return nil, fmt.Errorf("read built-in calendar: %w", err)
	}
	return none, nil
}
