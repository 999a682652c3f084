package published

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
)

// Total is a city total to compare. Figures are exact decimals as text; "" is none.
type Total struct {
	Indicator        string
	Value, Change    string
	Stage, Qualifier string
}

// Agreement says whether a total agrees with a published figure.
type Agreement string

// The degrees of agreement.
const (
	// Agrees: the total becomes the published figure when it is rounded as the catalogue
	// says, or lies where the figure's qualifier says.
	Agrees Agreement = "agrees"
	// Truncated: the total becomes the published figure when it is cut off instead of
	// rounded.
	Truncated Agreement = "truncated"
	// Differs: it does neither.
	Differs Agreement = "differs"
	// Absent: there is no total to compare.
	Absent Agreement = "absent"
)

// Within is the item of a comparison with the interval that published figures imply for
// one that was not published.
const Within Item = "implied"

// Comparison is one figure of a total beside the published one.
type Comparison struct {
	Indicator string `json:"indicator"`
	Item      Item   `json:"item"`
	// Published is the figure as it was published; "" where it is only implied.
	Published string `json:"published"`
	Qualifier string `json:"qualifier,omitempty"`
	// Interval is the numbers that the published figure stands for, and Total the total's
	// figure, unrounded.
	Interval  Interval  `json:"interval"`
	Total     string    `json:"total"`
	Agreement Agreement `json:"verdict"`
	// Explained is the code of a finding that accounts for the difference: the published
	// figure does not follow from the others that were published.
	Explained string `json:"explained,omitempty"`
	// Stage is the published figure's and TotalStage the total's, where they differ.
	Stage      string `json:"stage,omitempty"`
	TotalStage string `json:"total_stage,omitempty"`
}

// Unexplained reports whether the total does not agree with the published figure, and no
// finding accounts for that.
func (c *Comparison) Unexplained() bool { return c.Agreement != Agrees && c.Explained == "" }

// Compare compares totals with every published level and change, and with the intervals
// that the findings imply for figures that were not published. Findings are those of
// [Examine]. A total that is no decimal number is an error.
func Compare(controls []Control, totals []Total, findings []Finding) ([]Comparison, error) {
	ours := map[string]*Total{}
	for i := range totals {
		ours[totals[i].Indicator] = &totals[i]
	}
	var all []Comparison
	add := func(c Comparison, total string, truncated Interval, mayDiffer *big.Rat) error {
		c.Total = total
		if err := c.compare(truncated); err != nil {
			return err
		}
		c.explain(findings, mayDiffer)
		all = append(all, c)
		return nil
	}
	for i := range controls {
		control := &controls[i]
		total := ours[control.Indicator.ID]
		if total == nil {
			total = &Total{}
		}
		if control.Value != nil {
			c := Comparison{
				Indicator: control.Indicator.ID, Item: Level, Published: control.Value.Text,
				Qualifier: control.Qualifier.String(), Interval: standsFor(control),
			}
			if stage := control.Stage.String(); stage != "" && total.Stage != "" && stage != total.Stage {
				c.Stage, c.TotalStage = stage, total.Stage
			}
			if err := add(c, total.Value, control.Value.Rounded(catalogue.Truncate), unitAt(-control.Value.Places)); err != nil {
				return nil, err
			}
		}
		if control.Change != nil {
			c := Comparison{
				Indicator: control.Indicator.ID, Item: Change, Published: control.Change.Text,
				Interval: control.Change.Rounded(control.Indicator.Rounding),
			}
			if err := add(c, total.Change, control.Change.Rounded(catalogue.Truncate), unitAt(-control.Change.Places)); err != nil {
				return nil, err
			}
		}
	}
	for i := range findings {
		f := &findings[i]
		total := ours[f.Indicator]
		if f.Code != Implied || total == nil || total.Value == "" {
			continue
		}
		c := Comparison{Indicator: f.Indicator, Item: Within, Interval: *f.Wide}
		if err := add(c, total.Value, c.Interval, nil); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// compare sets the agreement. Truncated is the interval of the published figure if it
// was cut off instead of rounded.
func (c *Comparison) compare(truncated Interval) error {
	if c.Total == "" {
		c.Agreement = Absent
		return nil
	}
	x, ok := new(big.Rat).SetString(c.Total)
	switch {
	case !ok:
		return fmt.Errorf("total of %s: want a decimal number, got %q", c.Indicator, c.Total)
	case c.Interval.Contains(x):
		c.Agreement = Agrees
	case c.Qualifier == "" && truncated.Contains(x):
		c.Agreement = Truncated
	default:
		c.Agreement = Differs
	}
	return nil
}

// explain sets the finding that accounts for a difference: that the published figure
// does not follow from the others. A difference of more than mayDiffer, one unit of the
// last published place, it does not account for.
func (c *Comparison) explain(findings []Finding, mayDiffer *big.Rat) {
	if c.Agreement != Truncated && c.Agreement != Differs || mayDiffer == nil {
		return
	}
	published, _ := new(big.Rat).SetString(c.Published)
	total, _ := new(big.Rat).SetString(c.Total)
	if difference := published.Sub(published, total); difference.Abs(difference).Cmp(mayDiffer) > 0 {
		return
	}
	for i := range findings {
		f := &findings[i]
		ofChange := f.Code == BaseNone || f.Code == ChangeFiner
		if f.Irreproducible && (c.Item == Change || !ofChange) && slices.Contains(f.Facts, Fact{c.Indicator, c.Item}) {
			c.Explained = f.Code
			return
		}
	}
}
