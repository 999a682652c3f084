package event

import "time"

// Run is the record of one recomputation: JSON on runs.<schedule>.
type Run struct {
	// ID is the command's message id. Schedule is the name of the schedule, or manual.
	ID       string  `json:"id"`
	Schedule string  `json:"schedule"`
	Trigger  Trigger `json:"trigger"`
	// Slot is the time for which the schedule fired; zero for a manual run.
	Slot       time.Time `json:"slot,omitzero"`
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at"`
	// Period and Indicator limit what was recomputed; "" is all.
	Period    string `json:"period"`
	Indicator string `json:"indicator"`
	Basis     uint64 `json:"basis"`
	Catalogue string `json:"catalogue"`
	// Cells is how many totals were computed. Changed is how many of them differed from
	// those in ClickHouse and were published again.
	Cells   int `json:"cells"`
	Changed int `json:"changed"`
	// ObservationsMissing is how many accepted observations ClickHouse lacked. They were
	// stored in it again.
	ObservationsMissing int `json:"observations_missing"`
	// Imbalances are where ClickHouse did not show what the log holds when the run began.
	// Healed is true when it does at the run's end.
	Imbalances []Imbalance `json:"imbalances,omitempty"`
	Healed     bool        `json:"healed,omitempty"`
	// Problem is why the run ended early, or what was out of balance; "" is no problem.
	Problem string `json:"problem"`
	// Person is who asked for it; a schedule is nobody.
	Person Person `json:"person,omitzero"`
}
