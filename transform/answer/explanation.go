package answer

import (
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
)

// Why a figure that was reported is not a part of a total.
const (
	// InsideZone: the figure of the zone's host contains it.
	InsideZone = "INSIDE_ZONE"
	// CityFigure: the city's own figure is no part of a sum of areas.
	CityFigure = "CITY_FIGURE"
	// DistrictFigure: the total is the city's own figure and no sum of areas.
	DistrictFigure = "DISTRICT_FIGURE"
	// AreaNotValid: the area does not exist at the end of the period.
	AreaNotValid = "AREA_NOT_VALID"
	// AreaUnknown: the catalogue does not have the area any more.
	AreaUnknown = "AREA_UNKNOWN"
	// Withdrawn: the area took back what it had reported.
	Withdrawn = "WITHDRAWN"
	// SaidMissing: the area reported that it has no value.
	SaidMissing = "SAID_MISSING"
	// OtherReading: a figure for another period that ends at the same instant counts; its
	// stage is higher, or it is later.
	OtherReading = "OTHER_READING"
	// OtherUnit: the unit in which it was reported does not convert into the indicator's.
	OtherUnit = "OTHER_UNIT"
	// NoCounterpart: a ratio is made of areas that have a value of both its parts, and
	// this area has none of the other part.
	NoCounterpart = "NO_COUNTERPART"
)

// Explanation is a total with everything it follows from. Figures are exact
// decimals as text, in the unit beside them; "" is no figure.
type Explanation struct {
	Indicator string `json:"indicator"`
	// Area is the only one whose parts are listed, with those it was formed from; "" is all.
	Area string `json:"area,omitempty"`
	// Rule is how the total follows from its parts, Factor what the quotient of a
	// ratio is multiplied by.
	Rule   catalogue.TotalRule `json:"rule"`
	Factor int64               `json:"factor,omitempty"`
	// Policy says whether a total with missing areas may be published.
	Policy catalogue.CoveragePolicy `json:"coverage_policy"`
	// Received is the last instant of receipt that counted; zero is no bound.
	Received time.Time `json:"as_of,omitzero"`
	// Basis is the highest sequence of ACCEPTED folded in, Catalogue the version of the
	// catalogue that the total was folded under.
	Basis       uint64 `json:"basis"`
	Catalogue   string `json:"catalogue"`
	Publishable bool   `json:"publishable"`
	Level
	Change         string `json:"change"`
	ChangeKind     string `json:"change_kind"`
	ChangeAbsolute string `json:"change_absolute"`
	ChangeReason   string `json:"change_reason"`
	// ChangeQualifier and ChangeAreas are those of [event.Total], as is Carried.
	ChangeQualifier string   `json:"change_qualifier,omitempty"`
	ChangeAreas     []string `json:"change_areas,omitempty"`
	Carried         []string `json:"carried,omitempty"`
	// Held is what the total would be with the figures that are held.
	Held *event.TotalWithHeld `json:"held,omitempty"`
	// Contradictions are figures of one area that follow in two ways, as two values.
	Contradictions []Contradiction `json:"contradictions,omitempty"`
	Base           *Level          `json:"base,omitempty"`
	// Recast has, for each area whose territory was not all its own a year earlier, the
	// areas that it belonged to then.
	Recast map[string][]string `json:"recast,omitempty"`
}

// Contradiction is a figure of an area that follows in two ways from what it reported,
// as two values that differ by more than rounding.
type Contradiction struct {
	Indicator string           `json:"indicator"`
	Area      string           `json:"area"`
	Ways      [2]FollowedValue `json:"ways"`
}

// FollowedValue is a value and the figures it is the sum of.
type FollowedValue struct {
	Value   string          `json:"value"`
	Figures []FollowedInput `json:"figures"`
}

// FollowedInput is a figure that was reported for a period.
type FollowedInput struct {
	Area       string `json:"area"`
	Period     string `json:"period"`
	Value      string `json:"value"`
	Stage      string `json:"stage"`
	Sequence   uint64 `json:"sequence"`
	Subtracted bool   `json:"subtracted,omitempty"`
}

// Level is the total of one period.
type Level struct {
	Period string `json:"period"`
	// Reported is false when nobody has reported anything.
	Reported  bool   `json:"reported"`
	Value     string `json:"value"`
	Unit      string `json:"unit"`
	Stage     string `json:"stage"`
	Status    string `json:"status"`
	Qualifier string `json:"qualifier"`
	// Have counts the areas in the total, Expected those that it is to be made of;
	// Missing are the areas that lack a value of which none is held.
	Have     int      `json:"have"`
	Expected int      `json:"expected"`
	Missing  []string `json:"missing"`
	// Flags are those of [event.Total].
	Flags []string `json:"flags,omitempty"`
	// Refused are figures of missing areas that were sent, and refused.
	Refused []RefusedFigure `json:"refused,omitempty"`
	// Sums are the total's one sum, or a ratio's numerator and denominator.
	Sums []Sum `json:"sums"`
}

// Role is what a sum is in its total.
type Role string

// The roles.
const (
	WholeRole       Role = "total"
	NumeratorRole   Role = "numerator"
	DenominatorRole Role = "denominator"
)

// Sum is the figures of one indicator: those that were added up, and those that were
// not.
type Sum struct {
	Role      Role   `json:"role"`
	Indicator string `json:"indicator"`
	Unit      string `json:"unit"`
	// Value is the sum over all areas, even where the parts of only one are listed.
	Value    string          `json:"value"`
	Parts    []ExplainedPart `json:"parts"`
	Excluded []ExplainedPart `json:"excluded"`
	// Claims are the first entities that several areas list, each of which counts once, and
	// ClaimsOmitted counts the others.
	Claims        []ExplainedClaim `json:"claims,omitempty"`
	ClaimsOmitted int              `json:"claims_omitted,omitempty"`
	// Holds are the figures of the period that are or were held, with what was said and decided
	// about them, and those held for other periods that a figure would follow from.
	Holds []inquiry.Hold `json:"holds,omitempty"`
}

// ExplainedPart is an area's figure in force, of the submission that set it, and those that it
// superseded.
type ExplainedPart struct {
	ExplainedFigure
	// ConfirmedBy are the figures that said the same since, the newest first.
	ConfirmedBy []ExplainedFigure `json:"confirmed_by,omitempty"`
	// Subtracted is true where the figure is taken away from the sum, as in a figure that
	// follows from those of other periods.
	Subtracted bool `json:"subtracted,omitempty"`
	// Because is the code of the reason why the figure is excluded; "" for a part.
	Because string `json:"because,omitempty"`
	// Host is the area whose figure contains an InsideZone's.
	Host       string            `json:"host,omitempty"`
	Superseded []ExplainedFigure `json:"superseded,omitempty"`
	// List is what the area lists, where the figure is counted from that; the figures that
	// it reported beside are among Superseded.
	List *ExplainedList `json:"list,omitempty"`
}

// ExplainedFigure is a figure and the submission it came from.
type ExplainedFigure struct {
	Area string `json:"area"`
	// Period is the period that it was reported for, which may be another than the
	// total's.
	Period string `json:"period"`
	Value  string `json:"value"`
	// Unit is the value's where it does not convert into the sum's; "" for all others.
	Unit      string `json:"unit,omitempty"`
	Stage     string `json:"stage"`
	Status    string `json:"status"`
	Qualifier string `json:"qualifier"`
	// Submission is the submission's id, Sequence its place in SUBMISSIONS, and
	// AcceptedSequence that of its accepted rows in ACCEPTED.
	Submission       string    `json:"submission"`
	Sequence         uint64    `json:"sequence"`
	AcceptedSequence uint64    `json:"accepted_sequence"`
	ReceivedAt       time.Time `json:"received_at"`
	// ReleasedAt is since when a figure counts that was held; zero for others.
	ReleasedAt time.Time `json:"released_at,omitzero"`
	Dataset    string    `json:"dataset"`
	Via        string    `json:"via"`
	By         string    `json:"by"`
	// OnBehalf is true of what the bureau sent for the area. Where it corrects what the area had
	// said, it stands until the bureau lets another figure take its place.
	OnBehalf bool   `json:"on_behalf,omitempty"`
	File     string `json:"file"`
	Row      int    `json:"row"`
	Raw      string `json:"raw,omitempty"`
	Note     string `json:"note,omitempty"`
	Reason   string `json:"reason,omitempty"`
}
