package assess

import (
	"errors"
	"fmt"
	"math/big"
	"os"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/strict"
)

// Direction says whether higher or lower values of an indicator are better.
type Direction string

// The directions.
const (
	Higher Direction = "higher"
	Lower  Direction = "lower"
)

// Card is a scorecard.
type Card struct {
	NameZH string `yaml:"name_zh" json:"name_zh"`
	NameEN string `yaml:"name_en" json:"name_en"`
	// NoteZH and NoteEN are printed with every result.
	NoteZH string `yaml:"note_zh" json:"note_zh,omitempty"`
	NoteEN string `yaml:"note_en" json:"note_en,omitempty"`
	// Areas are those to assess; an empty list is all that add up to the city.
	Areas []string `yaml:"areas" json:"areas,omitempty"`
	// Decimals is the number of decimal places of a sum of scores, 0 to 6.
	Decimals int    `yaml:"decimals" json:"decimals"`
	Items    []Item `yaml:"items" json:"items"`
}

// Item is one indicator on a card. Weight, targets and cap are plain decimals.
type Item struct {
	Indicator string `yaml:"indicator" json:"indicator"`
	// Weight is the full marks: the score at the target.
	Weight string `yaml:"weight" json:"weight"`
	// Target is the target of every area that is not in Targets, in the indicator's unit.
	Target  string   `yaml:"target" json:"target,omitempty"`
	Targets []Target `yaml:"targets" json:"targets,omitempty"`
	// Direction is higher where it is left out.
	Direction Direction `yaml:"direction" json:"direction"`
	// Cap is the highest score, in percent of the weight. Where it is left out it is 100:
	// no bonus above the target.
	Cap string `yaml:"cap" json:"cap"`

	indicator   *catalogue.Indicator
	weight, cap *big.Rat
	target      *big.Rat
	targets     map[string]*big.Rat
}

// Target is the target of one area.
type Target struct {
	Area   string `yaml:"area" json:"area"`
	Target string `yaml:"target" json:"target"`
}

// Load reads a card from a file, as [Parse] does.
func Load(path string, c *catalogue.Catalogue) (*Card, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read scorecard: %w", err)
	}
	return Parse(path, text, c)
}

// Parse reads a card from YAML and checks it against the catalogue. Unknown keys are
// mistakes. The error lists every mistake with its line; source is the name of the
// file in it.
func Parse(source string, text []byte, c *catalogue.Catalogue) (*Card, error) {
	card := &Card{Decimals: 2}
	decoder := strict.NewDecoder(source, card)
	decoder.Document(text)
	decoder.Add(card.complete(c))
	if err := decoder.Err(); err != nil {
		return nil, err
	}
	return card, nil
}

type report func(format string, args ...any)

// complete fills in what was left out and checks the rest.
func (card *Card) complete(c *catalogue.Catalogue) error {
	var errs []error
	add := func(path string) report {
		return func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...)))
		}
	}
	if card.Decimals < 0 || card.Decimals > 6 {
		add("decimals")("want 0 to 6, got %d", card.Decimals)
	}
	for i, code := range card.Areas {
		if a, ok := c.Area(code); !ok || a.Kind == catalogue.City {
			add(fmt.Sprintf("areas[%d]", i))("%q is no area within the city", code)
		} else if slices.Index(card.Areas, code) < i {
			add(fmt.Sprintf("areas[%d]", i))("%q occurs twice", code)
		}
	}
	if len(card.Items) == 0 {
		add("items")("want at least one indicator")
	}
	seen := map[string]bool{}
	for i := range card.Items {
		item, path := &card.Items[i], fmt.Sprintf("items[%d]", i)
		if seen[item.Indicator] {
			add(path+".indicator")("%q occurs twice", item.Indicator)
		}
		seen[item.Indicator] = true
		item.complete(card, c, func(field string) report { return add(path + "." + field) })
	}
	return errors.Join(errs...)
}

func (item *Item) complete(card *Card, c *catalogue.Catalogue, at func(field string) report) {
	var ok bool
	switch item.indicator, ok = c.Indicator(item.Indicator); {
	case !ok:
		at("indicator")("%q is no indicator of the catalogue", item.Indicator)
	case slices.ContainsFunc(parts(c, item.indicator), func(part *catalogue.Indicator) bool { return part.Total == catalogue.CityRule }):
		at("indicator")("%s is reported by the city alone; areas have no figures of it", item.Indicator)
	}
	if item.Direction == "" {
		item.Direction = Higher
	}
	if item.Direction != Higher && item.Direction != Lower {
		at("direction")("want higher or lower, got %q", item.Direction)
	}
	item.weight = positive(item.Weight, at("weight"))
	if item.Cap == "" {
		item.Cap = "100"
	}
	if item.cap = positive(item.Cap, at("cap")); item.cap != nil && item.cap.Cmp(hundred) < 0 {
		at("cap")("want at least 100 percent, got %s", item.Cap)
	}
	item.targets = map[string]*big.Rat{}
	if item.Target != "" {
		item.target = positive(item.Target, at("target"))
	} else if len(item.Targets) == 0 {
		at("target")("want a target for every area, or one for each in targets")
	}
	for i, own := range item.Targets {
		field := fmt.Sprintf("targets[%d]", i)
		a, known := c.Area(own.Area)
		switch {
		case !known || a.Kind == catalogue.City:
			at(field+".area")("%q is no area within the city", own.Area)
		case len(card.Areas) > 0 && !slices.Contains(card.Areas, own.Area):
			at(field+".area")("%q is not among the card's areas", own.Area)
		case item.targets[own.Area] != nil:
			at(field+".area")("%q occurs twice", own.Area)
		}
		if target := positive(own.Target, at(field+".target")); target != nil {
			item.targets[own.Area] = target
		}
	}
	for i, code := range card.Areas {
		if item.Target == "" && len(item.Targets) > 0 && item.targets[code] == nil {
			at("targets")("none for %s, which is areas[%d], and no target for all", code, i)
		}
	}
}

// parts returns the indicators that an area reports for the indicator: itself, or the
// two parts of a ratio.
func parts(c *catalogue.Catalogue, ind *catalogue.Indicator) []*catalogue.Indicator {
	if ind.Total != catalogue.RatioRule {
		return []*catalogue.Indicator{ind}
	}
	numerator, _ := c.Indicator(ind.Numerator)
	denominator, _ := c.Indicator(ind.Denominator)
	return []*catalogue.Indicator{numerator, denominator}
}

var hundred = big.NewRat(100, 1)

// positive reads a plain decimal number above zero, or reports what is wrong with it.
func positive(text string, report report) *big.Rat {
	reading, err := catalogue.ParseValue(text)
	plain := err == nil && reading == catalogue.Reading{Value: reading.Value}
	if !plain || reading.Value.Coefficient <= 0 {
		report("want a plain number above 0, got %q", text)
		return nil
	}
	return reading.Value.Decimal().Rat()
}

// targetOf returns the area's target, nil where the card has none.
func (item *Item) targetOf(area string) *big.Rat {
	if own := item.targets[area]; own != nil {
		return own
	}
	return item.target
}

// text returns an exact fraction as a decimal number, rounded to a number of places and
// without trailing zeros.
func text(x *big.Rat, places int) string {
	return decimal.NewFromBigRat(x, int32(places)).String()
}
