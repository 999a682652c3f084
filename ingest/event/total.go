package event

import (
	"slices"
	"time"
)

// Trigger is what caused a total to be computed.
type Trigger string

// The triggers.
const (
	ByStream   Trigger = "stream"
	BySchedule Trigger = "schedule"
	ByManual   Trigger = "manual"
)

// TotalsBatch is what TOTALS carries on totals.<period>: changed city totals of one
// period. A flush, which is the totals that readers show at once, consists of one or
// more batches, its parts.
type TotalsBatch struct {
	// Basis is the highest sequence of ACCEPTED folded in.
	Basis uint64 `cbor:"1,keyasint"`
	// Part counts from 1 to Parts within one flush.
	Part  int `cbor:"2,keyasint"`
	Parts int `cbor:"3,keyasint"`
	// Trigger, Catalogue and ComputedAt (in Unix milliseconds) hold for every total of the
	// batch.
	Trigger    Trigger `cbor:"4,keyasint"`
	Catalogue  string  `cbor:"5,keyasint"`
	ComputedAt int64   `cbor:"6,keyasint"`
	Period     string  `cbor:"7,keyasint"`
	Totals     []Total `cbor:"8,keyasint"`
}

// Computed returns when the batch was computed.
func (b *TotalsBatch) Computed() time.Time { return time.UnixMilli(b.ComputedAt).UTC() }

// Total is a city total. Figures are exact decimals as text, in the unit Unit; "" is no
// figure.
type Total struct {
	Indicator string `cbor:"1,keyasint"`
	Value     string `cbor:"2,keyasint"`
	Unit      string `cbor:"3,keyasint"`
	// Stage is the lowest stage of the inputs, and Qualifier what their qualifiers join
	// to. Status is A, or I when an input is imputed, or O when there is no value.
	Stage     string `cbor:"4,keyasint"`
	Status    string `cbor:"5,keyasint"`
	Qualifier string `cbor:"6,keyasint"`
	// Change is the change on the year before, in percent or, where ChangeKind is point, in
	// percentage points; ChangeAbsolute is the change in the total's unit. Where there is
	// no change, ChangeReason says why.
	Change         string `cbor:"7,keyasint"`
	ChangeKind     string `cbor:"8,keyasint"`
	ChangeAbsolute string `cbor:"9,keyasint"`
	ChangeReason   string `cbor:"10,keyasint"`
	// Expected is how many areas had to report, and Missing the codes of those without a value
	// in the total; those of which one is held are among Held.Areas, too.
	Expected int      `cbor:"11,keyasint"`
	Missing  []string `cbor:"12,keyasint"`
	// Publishable is whether the indicator's coverage policy allows publishing the total.
	Publishable bool `cbor:"13,keyasint"`
	// Inputs are the figures that went into the total, and the submissions they came from.
	Inputs Inputs `cbor:"14,keyasint"`
	// Flags are what is special about the total: Derived, DerivedNegative, Overflow, PartlyListed.
	Flags []string `cbor:"15,keyasint,omitempty"`
	// ChangeQualifier is that of Change or, where there is none, of ChangeAbsolute.
	ChangeQualifier string `cbor:"16,keyasint,omitempty"`
	// ChangeAreas are the areas because of which there is no change, by code.
	ChangeAreas []string `cbor:"17,keyasint,omitempty"`
	// Carried are the areas whose figure has a lower stage than the highest, by code,
	// under the coverage policy carry.
	Carried []string `cbor:"18,keyasint,omitempty"`
	// Held says what the total would be with the figures that are held; nil where none that
	// is held would change it.
	Held *TotalWithHeld `cbor:"19,keyasint,omitempty"`
}

// TotalWithHeld is what a total would be if the figures that are held counted. Value, Qualifier,
// Change and ChangeQualifier are those of [Total].
type TotalWithHeld struct {
	// Holds are the ids of the held figures, as [HoldID.String] writes them, and Areas the areas
	// whose figures they would be part of, by code: the successor of one that joined it in the year.
	Holds  []string `cbor:"1,keyasint" json:"holds"`
	Areas  []string `cbor:"2,keyasint" json:"areas"`
	Value  string   `cbor:"3,keyasint" json:"value"`
	Change string   `cbor:"4,keyasint,omitempty" json:"change,omitempty"`

	Qualifier       string `cbor:"5,keyasint,omitempty" json:"qualifier,omitempty"`
	ChangeQualifier string `cbor:"6,keyasint,omitempty" json:"change_qualifier,omitempty"`
}

func (h *TotalWithHeld) equal(other *TotalWithHeld) bool {
	if h == nil || other == nil {
		return h == other
	}
	return slices.Equal(h.Holds, other.Holds) && slices.Equal(h.Areas, other.Areas) && h.Value == other.Value && h.Change == other.Change &&
		h.Qualifier == other.Qualifier && h.ChangeQualifier == other.ChangeQualifier
}

// What may be special about a total.
const (
	// Derived: an area's figure was derived from those it reported for other periods.
	Derived = "DERIVED"
	// DerivedNegative: a flow that was derived from years to date is below zero.
	DerivedNegative = "DERIVED_NEGATIVE"
	// Overflow: the value or the change has more digits than the store has room for, and
	// is left out.
	Overflow = "OVERFLOW"
	// PartlyListed: some areas listed the entities that are counted and others reported a
	// number, so that an entity may be counted twice.
	PartlyListed = "PARTLY_LISTED"
)

// NotReported returns the missing areas of which no figure is held that would count: each is told
// with one cause, never nil.
func (t *Total) NotReported() []string {
	areas := []string{}
	for _, area := range t.Missing {
		if t.Held == nil || !slices.Contains(t.Held.Areas, area) {
			areas = append(areas, area)
		}
	}
	return areas
}

// Have returns how many of the expected areas have a value in the total.
func (t *Total) Have() int { return t.Expected - len(t.Missing) }

// Size returns about how many bytes the total takes in a message.
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
