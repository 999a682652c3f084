package published

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
)

// Total is a city total of ours. Figures are exact decimals as text; "" is none.
type Total struct {
	Indicator        string
	Value, Change    string
	Stage, Qualifier string
}

// Agreement is how a total of ours stands to a published figure.
type Agreement string

// The verdicts.
const (
	// Agrees: ours rounds to the published figure as the catalogue rounds, or lies
	// where its qualifier says.
	Agrees Agreement = "agrees"
	// Truncated: ours becomes the published figure when it is cut off, not rounded.
	Truncated Agreement = "truncated"
	// Differs: it does not.
	Differs Agreement = "differs"
	// Absent: there is no such figure of ours.
	Absent Agreement = "absent"
)

// Within is the item of a comparison with where a figure that was not published
// has to lie.
const Within Item = "implied"

// Comparison is one figure of ours beside what was published.
type Comparison struct {
	Indicator string `json:"indicator"`
	Item      Item   `json:"item"`
	// Published is the figure in the control file; "" for what is only implied.
	Published string `json:"published"`
	Qualifier string `json:"qualifier,omitempty"`
	// Interval is what it stands for, and Total ours, unrounded.
	Interval  Interval  `json:"interval"`
	Total     string    `json:"total"`
	Agreement Agreement `json:"verdict"`
	// Explained is the code of the finding why the published figure cannot be had
	// from the others, where that accounts for the difference.
	Explained string `json:"explained,omitempty"`
	// Stage and TotalStage are told where they are not the same.
	Stage      string `json:"stage,omitempty"`
	TotalStage string `json:"total_stage,omitempty"`
}

// Unexplained reports whether the figure is not the published one, and nothing
// in the published figures tells why.
func (c *Comparison) Unexplained() bool { return c.Agreement != Agrees && c.Explained == "" }

// Compare holds totals against the controls and what follows from them: each
// published level and change, and where each figure lies that was not published.
// It returns an error for a total that is no decimal number.
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

// compare gives the verdict on the total.
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

// explain looks for a finding that the published figure cannot be had from the
// others. It accounts for a difference in the last published place, not for more.
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
