package event

import "time"

// Trigger is what caused a total to be computed.
type Trigger string

// The triggers.
const (
	ByStream   Trigger = "stream"
	BySchedule Trigger = "schedule"
	ByManual   Trigger = "manual"
)

// TotalsBatch is what TOTALS carries on totals.<period>: changed city totals of
// one period. A flush that touches several periods is several batches; readers
// that show totals together apply a flush's Parts together.
type TotalsBatch struct {
	// Basis is the highest sequence of ACCEPTED folded in.
	Basis uint64 `cbor:"1,keyasint"`
	// Part counts from 1 to Parts within one flush.
	Part  int `cbor:"2,keyasint"`
	Parts int `cbor:"3,keyasint"`
	// Trigger, Catalogue and ComputedAt (Unix milliseconds) hold for every total.
	Trigger    Trigger `cbor:"4,keyasint"`
	Catalogue  string  `cbor:"5,keyasint"`
	ComputedAt int64   `cbor:"6,keyasint"`
	Period     string  `cbor:"7,keyasint"`
	Totals     []Total `cbor:"8,keyasint"`
}

// Computed returns when the batch was computed.
func (b *TotalsBatch) Computed() time.Time { return time.UnixMilli(b.ComputedAt).UTC() }

// Total is a city total. Figures are exact decimals as text, in the indicator's
// unit; "" is no figure.
type Total struct {
	Indicator string `cbor:"1,keyasint"`
	Value     string `cbor:"2,keyasint"`
	Unit      string `cbor:"3,keyasint"`
	// Stage is the lowest of the parts', Qualifier what they join to, and Status
	// A, or I when a part is imputed, or O when there is no value.
	Stage     string `cbor:"4,keyasint"`
	Status    string `cbor:"5,keyasint"`
	Qualifier string `cbor:"6,keyasint"`
	// Change is on the year before: percent, or percentage points; the absolute
	// change stands in ChangeAbsolute. Without a figure ChangeReason says why.
	Change         string `cbor:"7,keyasint"`
	ChangeKind     string `cbor:"8,keyasint"`
	ChangeAbsolute string `cbor:"9,keyasint"`
	ChangeReason   string `cbor:"10,keyasint"`
	// Expected is how many areas were to report, Missing those which did not.
	Expected int      `cbor:"11,keyasint"`
	Missing  []string `cbor:"12,keyasint"`
	// Publishable is what the indicator's coverage policy says of it.
	Publishable bool `cbor:"13,keyasint"`
	// Inputs are the parts, to the digit, and where they came from.
	Inputs Inputs `cbor:"14,keyasint"`
	// Flags say what is special about the total: Derived, DerivedNegative.
	Flags []string `cbor:"15,keyasint,omitempty"`
}

// What may be special about a total.
const (
	// Derived: some area's figure follows from what it reported for other periods.
	Derived = "DERIVED"
	// DerivedNegative: a flow derived from years to date came out below zero.
	DerivedNegative = "DERIVED_NEGATIVE"
)

// Have returns how many of the expected areas reported.
func (t *Total) Have() int { return t.Expected - len(t.Missing) }

// Size is about how many bytes the total takes in a message.
func (t *Total) Size() int { return len(t.Inputs) + 256 }

func sizeOf(totals []Total) (size int) {
	for i := range totals {
		size += totals[i].Size()
	}
	return size
}

// EncodeTotals returns the message body.
func EncodeTotals(batch *TotalsBatch) ([]byte, error) {
	return encodeBinary(totalsLayout, sizeOf(batch.Totals), batch)
}

// DecodeTotals reads a message body.
func DecodeTotals(data []byte) (*TotalsBatch, error) {
	batch := &TotalsBatch{}
	if err := decodeBinary(data, totalsLayout, batch); err != nil {
		return nil, err
	}
	return batch, nil
}

// Run is the record of one recomputation: JSON on runs.<schedule>.
type Run struct {
	// ID is the command's message id; Schedule the name of the schedule, or manual.
	ID       string  `json:"id"`
	Schedule string  `json:"schedule"`
	Trigger  Trigger `json:"trigger"`
	// Slot is the time the schedule fired for; zero for a manual run.
	Slot       time.Time `json:"slot,omitzero"`
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at"`
	// Period and Indicator bound the scope; "" is all.
	Period    string `json:"period"`
	Indicator string `json:"indicator"`
	Basis     uint64 `json:"basis"`
	Catalogue string `json:"catalogue"`
	// Cells is how many totals were computed, Changed how many of them differed
	// from ClickHouse's and were published again.
	Cells   int `json:"cells"`
	Changed int `json:"changed"`
	// ObservationsMissing counts accepted observations that ClickHouse lacked,
	// which were published to it again.
	ObservationsMissing int `json:"observations_missing"`
	// Imbalances are where ClickHouse did not show what the log holds when the
	// run looked, and Healed is true when it does at the run's end.
	Imbalances []Imbalance `json:"imbalances,omitempty"`
	Healed     bool        `json:"healed,omitempty"`
	// Problem is why the run ended early, or what was out of balance; "" when all
	// was well.
	Problem string `json:"problem"`
}

// Command asks the transform stage for work: JSON on commands.recompute.
type Command struct {
	ID        string    `json:"id"`
	Schedule  string    `json:"schedule"`
	Trigger   Trigger   `json:"trigger"`
	Slot      time.Time `json:"slot,omitzero"`
	Period    string    `json:"period,omitempty"`
	Indicator string    `json:"indicator,omitempty"`
}
