package event

import (
	"fmt"
	"slices"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
)

// AcceptedBatch is what ACCEPTED carries on accepted.<area>.<dataset>: the
// accepted observations of one or more submissions of that area and dataset, in
// the order of SUBMISSIONS.
type AcceptedBatch struct {
	Submissions []AcceptedSubmission `cbor:"1,keyasint"`
	// Decisions are the bureau's; they travel on the subject accepted.decisions, in a
	// batch without submissions.
	Decisions []Decision `cbor:"2,keyasint,omitempty"`
}

// AcceptedSubmission is one submission's accepted observations, as columns of
// equal length. Each indicator and period is kept once, and rows refer to it by index.
type AcceptedSubmission struct {
	ID      string `cbor:"1,keyasint"`
	Area    string `cbor:"2,keyasint"`
	Dataset string `cbor:"3,keyasint"`
	// Sequence is the submission's place in SUBMISSIONS; of two figures of one stage the
	// later one wins.
	Sequence uint64 `cbor:"4,keyasint"`
	// ReceivedAt is when the broker stored the submission, in Unix milliseconds.
	ReceivedAt int64  `cbor:"5,keyasint"`
	Via        string `cbor:"6,keyasint,omitempty"`
	By         string `cbor:"7,keyasint,omitempty"`
	File       string `cbor:"8,keyasint,omitempty"`
	Reason     string `cbor:"9,keyasint,omitempty"`

	IndicatorWords Words `cbor:"10,keyasint"`
	// Units are the units of the values, one for each of IndicatorWords, as the catalogue
	// had them when the submission was judged.
	Units       Words `cbor:"22,keyasint"`
	PeriodWords Words `cbor:"11,keyasint"`

	Indicator   Column[uint16] `cbor:"12,keyasint"`
	Period      Column[uint16] `cbor:"13,keyasint"`
	Coefficient Column[int64]  `cbor:"14,keyasint"`
	Scale       Column[uint16] `cbor:"15,keyasint"`
	Stage       Column[uint16] `cbor:"16,keyasint"`
	Status      Column[uint16] `cbor:"17,keyasint"`
	Qualifier   Column[uint16] `cbor:"18,keyasint"`
	Row         Column[uint32] `cbor:"19,keyasint"`
	// Raw is the text of the value as received, by index of the row, where it differs from
	// the accepted value's text. Note is the reporter's note, by index of the row.
	Raw  map[int]string `cbor:"20,keyasint,omitempty"`
	Note map[int]string `cbor:"21,keyasint,omitempty"`
	// Epoch is how often the row's cell had been reopened, by index of the row; an absent
	// row is 0. A figure of a later epoch wins whatever its stage.
	Epoch map[int]uint8 `cbor:"23,keyasint,omitempty"`
	// Key is the sender's own name for the submission, and Content the id that it has
	// without the key; both are "" where there is none, and ID is the content's.
	Key     string `cbor:"24,keyasint,omitempty"`
	Content string `cbor:"25,keyasint,omitempty"`
	// Entities are those that the rows list; nil where every row is a figure. The value of
	// a row that lists an entity is 1.
	Entities *ListedEntities `cbor:"26,keyasint,omitempty"`
	// Held are the rows that are held. They are not among the columns, and count for nothing
	// until a ReleaseHeld brings them.
	Held []HeldRow `cbor:"27,keyasint,omitempty"`
	// Released is true of rows that were held and that a ReleaseHeld beside them has count from
	// here on. All else is that of the submission that they came with but ReceivedAt, which is
	// when they were released: until then they were not known to any total.
	Released bool `cbor:"28,keyasint,omitempty"`
	// OnBehalf is true of what the bureau sent for an area: where it differs from what the area
	// had said, it stands until the bureau itself lets another figure take its place.
	OnBehalf bool `cbor:"29,keyasint,omitempty"`
}

// AcceptedObservation is one row of an AcceptedSubmission. A Status of
// [catalogue.Missing] means there is no value, and [catalogue.Withdrawn] that the area
// took back what it had reported.
type AcceptedObservation struct {
	Indicator string
	Unit      string
	Period    catalogue.Period
	Value     catalogue.Value
	Stage     catalogue.Stage
	Status    catalogue.Status
	Qualifier catalogue.Qualifier
	Row       int
	Raw, Note string
	Epoch     uint8
	// Entity is what a row of a list says; nil for a figure.
	Entity *ListedEntity
}

// Add appends rows.
func (s *AcceptedSubmission) Add(rows ...AcceptedObservation) {
	indicators, periods := indexWords(s.IndicatorWords, len(rows)), indexWords(s.PeriodWords, 1)
	var last catalogue.Period
	var period uint16
	s.grow(len(rows))
	for i := range rows {
		o := &rows[i]
		at := len(s.Indicator)
		indicator, known := indicators[o.Indicator]
		if !known {
			indicator = uint16(len(s.IndicatorWords))
			indicators[o.Indicator] = indicator
			s.IndicatorWords, s.Units = append(s.IndicatorWords, o.Indicator), append(s.Units, o.Unit)
		}
		if i == 0 || o.Period != last {
			text := o.Period.String()
			if period, known = periods[text]; !known {
				period = uint16(len(s.PeriodWords))
				periods[text] = period
				s.PeriodWords = append(s.PeriodWords, text)
			}
			last = o.Period
		}
		s.Indicator = append(s.Indicator, indicator)
		s.Period = append(s.Period, period)
		s.Coefficient = append(s.Coefficient, o.Value.Coefficient)
		s.Scale = append(s.Scale, uint16(o.Value.Scale))
		s.Stage = append(s.Stage, uint16(o.Stage))
		s.Status = append(s.Status, uint16(o.Status))
		s.Qualifier = append(s.Qualifier, uint16(o.Qualifier))
		s.Row = append(s.Row, uint32(o.Row))
		setSparse(&s.Raw, at, o.Raw)
		setSparse(&s.Note, at, o.Note)
		setSparse(&s.Epoch, at, o.Epoch)
		s.setEntity(at, o.Entity)
	}
}

// maxNewWords bounds how many new words space is allocated for in advance, because many
// rows repeat their words.
const maxNewWords = 256

// grow allocates space for n more rows.
func (s *AcceptedSubmission) grow(n int) {
	s.Indicator = slices.Grow(s.Indicator, n)
	s.Period = slices.Grow(s.Period, n)
	s.Coefficient = slices.Grow(s.Coefficient, n)
	s.Scale = slices.Grow(s.Scale, n)
	s.Stage = slices.Grow(s.Stage, n)
	s.Status = slices.Grow(s.Status, n)
	s.Qualifier = slices.Grow(s.Qualifier, n)
	s.Row = slices.Grow(s.Row, n)
	s.IndicatorWords = slices.Grow(s.IndicatorWords, min(n, maxNewWords))
	s.Units = slices.Grow(s.Units, min(n, maxNewWords))
}

// indexWords returns the index of each word, in a map with space for more words.
func indexWords(words Words, more int) map[string]uint16 {
	index := make(map[string]uint16, len(words)+min(more, maxNewWords))
	for i, word := range words {
		index[word] = uint16(i)
	}
	return index
}

// setSparse sets a row's value in a column in which only some rows have one.
func setSparse[T comparable](column *map[int]T, row int, value T) {
	var none T
	if value == none {
		return
	}
	if *column == nil {
		*column = map[int]T{}
	}
	(*column)[row] = value
}

// Len returns the number of rows.
func (s *AcceptedSubmission) Len() int { return len(s.Indicator) }

// Received returns when the broker stored the submission.
func (s *AcceptedSubmission) Received() time.Time { return time.UnixMilli(s.ReceivedAt).UTC() }

// Periods returns the submission's periods, to which its Period column refers.
func (s *AcceptedSubmission) Periods() ([]catalogue.Period, error) {
	periods := make([]catalogue.Period, len(s.PeriodWords))
	for i, text := range s.PeriodWords {
		var err error
		if periods[i], err = catalogue.ParsePeriod(text); err != nil {
			return nil, err
		}
	}
	return periods, nil
}

// Value returns the value in row i.
func (s *AcceptedSubmission) Value(i int) catalogue.Value {
	return catalogue.Value{Coefficient: s.Coefficient[i], Scale: uint8(s.Scale[i])}
}

// check makes sure that columns have equal length and every index is in range, so that
// readers need no checks of their own.
func (s *AcceptedSubmission) check() error {
	n := len(s.Indicator)
	for _, length := range [...]int{len(s.Period), len(s.Coefficient), len(s.Scale), len(s.Stage), len(s.Status), len(s.Qualifier), len(s.Row)} {
		if length != n {
			return fmt.Errorf("submission %s: columns of %d and %d rows", s.ID, n, length)
		}
	}
	if len(s.Units) != len(s.IndicatorWords) {
		return fmt.Errorf("submission %s: %d units for %d indicators", s.ID, len(s.Units), len(s.IndicatorWords))
	}
	for i := range n {
		if int(s.Indicator[i]) >= len(s.IndicatorWords) || int(s.Period[i]) >= len(s.PeriodWords) || s.Scale[i] > catalogue.MaxDecimals {
			return fmt.Errorf("submission %s: row %d refers to nothing", s.ID, i)
		}
	}
	if err := s.Entities.check(n); err != nil {
		return fmt.Errorf("submission %s: %w", s.ID, err)
	}
	for i := range s.Held {
		if err := s.Held[i].check(); err != nil {
			return fmt.Errorf("submission %s: held row %d: %w", s.ID, s.Held[i].Row, err)
		}
	}
	return nil
}

// EncodeAccepted returns the message body: a version byte and CBOR (RFC 8949).
func EncodeAccepted(batch *AcceptedBatch) ([]byte, error) {
	size := 0
	for i := range batch.Submissions {
		size += 256 + 48*batch.Submissions[i].Len() + 512*len(batch.Submissions[i].Held) // the usual size of a row
	}
	layout := byte(rowsLayout)
	if slices.ContainsFunc(batch.Submissions, func(s AcceptedSubmission) bool { return s.Entities != nil }) {
		layout = listsLayout
	}
	for i := range batch.Decisions {
		if d := &batch.Decisions[i]; d.Kind == Adopt {
			layout, size = max(layout, catalogueLayout), size+len(d.Catalogue)
		}
	}
	if batch.aboutHolds() {
		layout = holdsLayout
	}
	for i := range batch.Decisions {
		if d := &batch.Decisions[i]; d.Kind == AdoptRules {
			layout, size = rulesLayout, size+len(d.Rules)
		}
	}
	if slices.ContainsFunc(batch.Submissions, func(s AcceptedSubmission) bool { return s.OnBehalf }) {
		layout = behalfLayout
	}
	if slices.ContainsFunc(batch.Submissions, func(s AcceptedSubmission) bool {
		return slices.ContainsFunc(s.Held, func(h HeldRow) bool { return h.Entity != nil })
	}) {
		layout = acceptedLayout
	}
	return encodeBinary(layout, size, batch.withFindingsOnce())
}

// DecodeAccepted reads a message body. An error is Permanent, or a [NewerLayout]. The
// result's columns have equal length, and their indexes are in range.
func DecodeAccepted(data []byte) (*AcceptedBatch, error) {
	batch := &AcceptedBatch{}
	if err := decodeBinary(data, acceptedLayout, batch); err != nil {
		return nil, err
	}
	for i := range batch.Submissions {
		if err := batch.Submissions[i].check(); err != nil {
			return nil, Permanentf("read accepted batch: %w", err)
		}
		batch.Submissions[i].repeatFindings()
		batch.Submissions[i].numberHeld()
	}
	return batch, nil
}
