package event

import (
	"cmp"
	"time"
)

// Run is the record of one run of a job: JSON on runs.<schedule>.
type Run struct {
	// ID is the command's message id. Schedule is the name of the schedule, or manual.
	ID       string `json:"id"`
	Schedule string `json:"schedule"`
	// Job is what ran; "" is recompute, which was the only job once.
	Job     string  `json:"job,omitempty"`
	Trigger Trigger `json:"trigger"`
	// Slot is the time for which the schedule fired; zero for a manual run.
	Slot       time.Time `json:"slot,omitzero"`
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at"`
	// Period, Until, Indicator and Area limit what was recomputed, as in a [Command]; "" is
	// all. Full says that what had not changed was computed, too.
	Period    string `json:"period"`
	Until     string `json:"until,omitempty"`
	Indicator string `json:"indicator"`
	Area      string `json:"area,omitempty"`
	Full      bool   `json:"full,omitempty"`
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
	// Mended is what was changed in ClickHouse to make it hold what the log says.
	Mended []Mended `json:"mended,omitempty"`
	// Dry says that nothing was changed.
	Dry bool `json:"dry,omitempty"`
	// Differences are the totals that differed, as many as there is room for; Changed counts
	// them all.
	Differences []Difference `json:"differences,omitempty"`
	// Did names what the run did beside, one thing in each text: "locked 2021".
	Did []string `json:"did,omitempty"`
	// Problem is why the run ended early, or what was out of balance; "" is no problem.
	Problem string `json:"problem"`
	// Person is who asked for it; a schedule is nobody.
	Person Person `json:"person,omitzero"`
}

// JobName returns the job that ran.
func (r *Run) JobName() string { return cmp.Or(r.Job, "recompute") }

// Mended says what was mended of one kind of rows in ClickHouse.
type Mended struct {
	// What the rows are, as in an imbalance.
	What string `json:"what"`
	// Stored rows were lacking, Removed ones are not in the log, and Detached parts of the
	// table could not be read.
	Stored   int `json:"stored,omitempty"`
	Removed  int `json:"removed,omitempty"`
	Detached int `json:"detached,omitempty"`
}

// The reasons of a [Difference].
const (
	// NotShown: ClickHouse had no such total.
	NotShown = "not_shown"
	// ShownOtherwise: ClickHouse had another one.
	ShownOtherwise = "shown_otherwise"
	// NoLongerFollows: no figure that is in force gives the total any more.
	NoLongerFollows = "no_longer_follows"
	// OtherCatalogue: ClickHouse had the same one, computed under another catalogue.
	OtherCatalogue = "other_catalogue"
)

// Difference is a total that a recomputation found to differ from what ClickHouse showed.
type Difference struct {
	Indicator string `json:"indicator"`
	Period    string `json:"period"`
	// Why is one of the reasons, and Fields are the keys of what was shown otherwise.
	Why    string   `json:"why"`
	Fields []string `json:"fields,omitempty"`
	// Was and Becomes are the values in Unit; "" is none.
	Was     string `json:"was,omitempty"`
	Becomes string `json:"becomes,omitempty"`
	Unit    string `json:"unit,omitempty"`
	// Catalogue is the version of the other catalogue under which it was computed; "" is the
	// same one.
	Catalogue string `json:"catalogue,omitempty"`
}
