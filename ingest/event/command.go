package event

import "time"

// Command asks the transform stage for work: JSON on commands.recompute.
type Command struct {
	ID        string    `json:"id"`
	Schedule  string    `json:"schedule"`
	Trigger   Trigger   `json:"trigger"`
	Slot      time.Time `json:"slot,omitzero"`
	Period    string    `json:"period,omitempty"`
	Indicator string    `json:"indicator,omitempty"`
	// Person is who asked for it; a schedule is nobody.
	Person Person `json:"person,omitzero"`
}
