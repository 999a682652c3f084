package event

import "time"

// Command asks for a job: JSON on commands.<job>.
type Command struct {
	ID       string    `json:"id"`
	Schedule string    `json:"schedule"`
	Trigger  Trigger   `json:"trigger"`
	Slot     time.Time `json:"slot,omitzero"`
	// Period, Until, Indicator and Area bound what is meant; "" is no bound. With Until it is
	// everything from the first day of Period to the last day of Until.
	Period    string `json:"period,omitempty"`
	Until     string `json:"until,omitempty"`
	Indicator string `json:"indicator,omitempty"`
	Area      string `json:"area,omitempty"`
	// Catalogue is the version of an earlier catalogue: only what differs from it to the one
	// in force is meant.
	Catalogue string `json:"catalogue,omitempty"`
	// Dry asks what would change, and changes nothing.
	Dry bool `json:"dry,omitempty"`
	// Full means what has not changed, too.
	Full bool `json:"full,omitempty"`
	// Person is who asked for it; a schedule is nobody.
	Person Person `json:"person,omitzero"`
}
