package event

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

// Releaser says who releases a held figure.
type Releaser string

// The releasers. What ByDistrict releases counts once the district has explained it; what
// ByBureau releases waits for the bureau's decision, explained or not. The bureau may release
// both.
const (
	ByDistrict Releaser = "district"
	ByBureau   Releaser = "bureau"
)

// HeldRow is a row of a submission that is held: it takes part in no total until it is
// released. Its fields are those of [AcceptedObservation].
type HeldRow struct {
	Indicator   string              `cbor:"1,keyasint"`
	Unit        string              `cbor:"2,keyasint"`
	Period      string              `cbor:"3,keyasint"`
	Coefficient int64               `cbor:"4,keyasint"`
	Scale       uint8               `cbor:"5,keyasint"`
	Stage       catalogue.Stage     `cbor:"6,keyasint"`
	Status      catalogue.Status    `cbor:"7,keyasint"`
	Qualifier   catalogue.Qualifier `cbor:"8,keyasint,omitempty"`
	Row         uint32              `cbor:"9,keyasint"`
	Raw         string              `cbor:"10,keyasint,omitempty"`
	Note        string              `cbor:"11,keyasint,omitempty"`
	Epoch       uint8               `cbor:"12,keyasint,omitempty"`
	// Releaser is who releases it: the bureau where any of its findings says so.
	Releaser Releaser `cbor:"13,keyasint"`
	// Findings are why it is held.
	Findings []HeldFinding `cbor:"14,keyasint"`
	// Entity is what a row of a list says; nil of a figure.
	Entity *ListedEntity `cbor:"15,keyasint,omitempty"`
	// Line is the row in the file where Row is not, since several figures of that row are held: of a
	// table with periods or indicators in its columns. Row is the number of this one alone.
	Line uint32 `cbor:"16,keyasint,omitempty"`
}

// heldStep is the difference between the numbers of held figures of one row: more than a table has
// rows.
const heldStep = 2_000_000

// NumberAmong gives the row a number that none of those taken has, and takes it.
func (h *HeldRow) NumberAmong(taken map[uint32]bool) {
	for line := h.Row; taken[h.Row]; h.Row %= math.MaxInt32 {
		h.Row, h.Line = h.Row+heldStep, line
	}
	taken[h.Row] = true
}

// HeldFinding is a finding that holds a row; its fields are those of [Finding].
type HeldFinding struct {
	Code      string      `cbor:"1,keyasint" json:"code"`
	Rule      string      `cbor:"2,keyasint,omitempty" json:"rule,omitempty"`
	MessageZH string      `cbor:"3,keyasint" json:"message_zh"`
	MessageEN string      `cbor:"4,keyasint" json:"message_en"`
	Values    []SeenValue `cbor:"5,keyasint,omitempty" json:"values,omitempty"`
}

// NewHeldRow returns an observation as a row that is held because of findings.
func NewHeldRow(o *AcceptedObservation, findings []Finding) HeldRow {
	h := HeldRow{
		Indicator: o.Indicator, Unit: o.Unit, Period: o.Period.String(), Coefficient: o.Value.Coefficient, Scale: o.Value.Scale,
		Stage: o.Stage, Status: o.Status, Qualifier: o.Qualifier, Row: uint32(o.Row), Raw: o.Raw, Note: o.Note, Epoch: o.Epoch,
		Releaser: ByDistrict, Entity: o.Entity,
	}
	for i := range findings {
		f := &findings[i]
		if f.ReleasedBy != ByDistrict {
			h.Releaser = ByBureau
		}
		h.Findings = append(h.Findings, HeldFinding{Code: f.Code, Rule: f.Rule, MessageZH: f.MessageZH, MessageEN: f.MessageEN, Values: f.Values})
	}
	return h
}

// Observation returns what the row reports. The error says that its period cannot be read.
func (h *HeldRow) Observation() (AcceptedObservation, error) {
	period, err := catalogue.ParsePeriod(h.Period)
	return AcceptedObservation{
		Indicator: h.Indicator, Unit: h.Unit, Period: period, Value: catalogue.Value{Coefficient: h.Coefficient, Scale: h.Scale},
		Stage: h.Stage, Status: h.Status, Qualifier: h.Qualifier, Row: int(h.Row), Raw: h.Raw, Note: h.Note, Epoch: h.Epoch, Entity: h.Entity,
	}, err
}

func (h *HeldRow) check() error {
	if _, err := catalogue.ParsePeriod(h.Period); err != nil {
		return err
	}
	if h.Scale > catalogue.MaxDecimals {
		return fmt.Errorf("a value with %d decimals", h.Scale)
	}
	if h.Entity != nil && len(h.Entity.Code) != catalogue.EntityCodeLength {
		return fmt.Errorf("an entity with a code of %d characters", len(h.Entity.Code))
	}
	return nil
}

// saysSame reports whether two findings are the same.
func (f *HeldFinding) saysSame(g *HeldFinding) bool {
	return f.Code == g.Code && f.Rule == g.Rule && f.MessageZH == g.MessageZH && f.MessageEN == g.MessageEN && slices.Equal(f.Values, g.Values)
}

// withFindingsOnce returns the batch as it is written down: a row of a list that is held for the
// same reason as the one before it leaves the findings out, since what holds a list holds many rows.
func (b *AcceptedBatch) withFindingsOnce() *AcceptedBatch {
	written := b
	for i := range b.Submissions {
		held := b.Submissions[i].Held
		if len(held) < 2 || held[1].Entity == nil { // a submission holds figures or a list
			continue
		}
		shorter := slices.Clone(held)
		for n := len(held) - 1; n > 0; n-- {
			if slices.EqualFunc(held[n].Findings, held[n-1].Findings, func(f, g HeldFinding) bool { return f.saysSame(&g) }) {
				shorter[n].Findings = nil
			}
		}
		if written == b {
			copied := *b
			copied.Submissions = slices.Clone(b.Submissions)
			written = &copied
		}
		written.Submissions[i].Held = shorter
	}
	return written
}

// repeatFindings gives every row of a list that is held its findings, which the first of several
// has alone where they are the same.
func (s *AcceptedSubmission) repeatFindings() {
	for i := 1; i < len(s.Held); i++ {
		if h := &s.Held[i]; h.Entity != nil && len(h.Findings) == 0 {
			h.Findings = s.Held[i-1].Findings
		}
	}
}

// numberHeld gives the held figures of one row numbers of their own, which earlier programs did not:
// the last one keeps the row's, since that is the one which decisions could be about.
func (s *AcceptedSubmission) numberHeld() {
	taken := make(map[uint32]bool, len(s.Held))
	for i := range slices.Backward(s.Held) {
		s.Held[i].NumberAmong(taken)
	}
}

// HoldID identifies a held figure: the place of its submission in SUBMISSIONS, and the number that its
// row has among the held ones.
type HoldID struct {
	Sequence uint64
	Row      int
}

// String writes the id as people and programs name it: 812.4 is held of row 4, and so is 812.4-2, the
// second of that row.
func (id HoldID) String() string {
	text := strconv.FormatUint(id.Sequence, 10) + "." + strconv.Itoa(id.Row%heldStep)
	if more := id.Row / heldStep; more > 0 {
		text += "-" + strconv.Itoa(more+1)
	}
	return text
}

// Compare orders ids by the place of the submission, and then by row.
func (id HoldID) Compare(other HoldID) int {
	return cmp.Or(cmp.Compare(id.Sequence, other.Sequence), cmp.Compare(id.Row, other.Row))
}

// ParseHoldID reads what [HoldID.String] writes.
func ParseHoldID(text string) (HoldID, error) {
	before, after, _ := strings.Cut(text, ".")
	after, nth, several := strings.Cut(after, "-")
	if !several {
		nth = "1"
	}
	sequence, err := strconv.ParseUint(before, 10, 64)
	row, rowErr := strconv.ParseUint(after, 10, 31)
	n, nthErr := strconv.ParseUint(nth, 10, 16)
	id := HoldID{sequence, int(row + (n-1)*heldStep)}
	if err != nil || rowErr != nil || nthErr != nil || id.String() != text {
		return HoldID{}, fmt.Errorf("want the id of a held figure, such as 812.4, got %q", Excerpt(text, 64))
	}
	return id, nil
}

// aboutHolds reports whether an earlier program, which knows no held figures, would judge or
// total otherwise for want of what the batch says.
func (b *AcceptedBatch) aboutHolds() bool {
	return slices.ContainsFunc(b.Submissions, func(s AcceptedSubmission) bool { return len(s.Held) > 0 || s.Released }) ||
		slices.ContainsFunc(b.Decisions, func(d Decision) bool { return d.Kind == ExplainHeld || d.Kind == ReleaseHeld || d.Kind == RefuseHeld })
}
