package assess

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
)

// Figure is an area's own figure, in its indicator's unit.
type Figure struct {
	Value     decimal.Decimal
	Stage     catalogue.Stage
	Qualifier catalogue.Qualifier
}

// Figures returns an area's best figure of an indicator in the period assessed; false
// where there is none, or it was reported as missing.
type Figures func(area, indicator string) (Figure, bool)

// Result is an assessment. Numbers are decimals as text: scores and ratios with
// up to ten places, sums with the card's.
type Result struct {
	// FullMarks is the sum of the weights.
	FullMarks string `json:"full_marks"`
	// Areas are those with a rank, the best first, then those without, by code.
	Areas []AreaResult `json:"areas"`
}

// AreaResult is what an area scores.
type AreaResult struct {
	Area string `json:"area"`
	// Rank counts from 1. Areas with the same sum share a rank; 0 is no rank.
	Rank int `json:"rank"`
	// Score is the sum of the area's scores, those that are missing left out.
	Score string `json:"score"`
	// Missing are the indicators without a score.
	Missing []string `json:"missing"`
	// Scores are in the order of the card's items.
	Scores []Score `json:"scores"`

	sum decimal.Decimal
}

// Score is what an area scores in one indicator.
type Score struct {
	Indicator string `json:"indicator"`
	// Value and Target are in the indicator's unit; "" is none.
	Value     string `json:"value"`
	Qualifier string `json:"qualifier,omitempty"`
	Stage     string `json:"stage,omitempty"`
	Target    string `json:"target"`
	// Attained is the value in percent of the target.
	Attained string `json:"attained"`
	Score    string `json:"score"`
	// Reason is the code of why there is no score; "" where there is one.
	Reason string `json:"reason,omitempty"`
}

// Reasons why there is no score.
const (
	// ValueMissing: the area has no figure, or lacks a part of its ratio.
	ValueMissing = "VALUE_MISSING"
	// DenominatorZero: the denominator of the area's ratio is zero.
	DenominatorZero = "DENOMINATOR_ZERO"
	// TargetMissing: the card sets the area no target.
	TargetMissing = "TARGET_MISSING"
)

// The decimal places of ratios and scores in a result. Sums are made of exact scores.
const places = 10

// Assess scores the card's areas for a period by their figures.
func (card *Card) Assess(c *catalogue.Catalogue, period catalogue.Period, figures Figures) *Result {
	full := new(big.Rat)
	for i := range card.Items {
		full.Add(full, card.Items[i].weight)
	}
	result := &Result{FullMarks: text(full, places)}
	areas := card.Areas
	if len(areas) == 0 {
		areas = c.Expected(period)
	}
	for _, area := range areas {
		result.Areas = append(result.Areas, card.assessArea(area, figures))
	}
	rank(result.Areas)
	return result
}

func (card *Card) assessArea(area string, figures Figures) AreaResult {
	result := AreaResult{Area: area, Missing: []string{}}
	sum := new(big.Rat)
	for i := range card.Items {
		item := &card.Items[i]
		score, marks := item.score(area, figures)
		result.Scores = append(result.Scores, score)
		if marks == nil {
			result.Missing = append(result.Missing, item.Indicator)
			continue
		}
		sum.Add(sum, marks)
	}
	result.sum = decimal.NewFromBigRat(sum, int32(card.Decimals))
	result.Score = result.sum.StringFixed(int32(card.Decimals))
	return result
}

// score returns one area's score in the item, and its marks exactly; nil where there is
// no score.
func (item *Item) score(area string, figures Figures) (Score, *big.Rat) {
	score := Score{Indicator: item.Indicator}
	target := item.targetOf(area)
	if target != nil {
		score.Target = text(target, places)
	}
	value, reason := item.value(area, figures, &score)
	switch {
	case reason != "":
		score.Reason = reason
		return score, nil
	case target == nil:
		score.Value, score.Reason = text(value, places), TargetMissing
		return score, nil
	}
	attained := new(big.Rat).Quo(value, target)
	percent := new(big.Rat).Mul(attained, hundred)
	reached := percent
	if item.Direction == Lower {
		reached = new(big.Rat).Sub(big.NewRat(200, 1), percent)
	}
	if reached.Sign() < 0 {
		reached = new(big.Rat)
	}
	if reached.Cmp(item.cap) > 0 {
		reached = item.cap
	}
	marks := new(big.Rat).Mul(item.weight, reached)
	marks.Quo(marks, hundred)
	score.Value, score.Attained, score.Score = text(value, places), text(percent, places), text(marks, places)
	return score, marks
}

// value returns the area's own value of the item, or the reason why it has none, and
// writes its stage and qualifier into the score.
func (item *Item) value(area string, figures Figures, score *Score) (*big.Rat, string) {
	ind := item.indicator
	var stage catalogue.Stage
	var qualifier catalogue.Qualifier
	of := func(id string) (*big.Rat, bool) {
		figure, ok := figures(area, id)
		if !ok {
			return nil, false
		}
		if stage == 0 || figure.Stage < stage {
			stage = figure.Stage
		}
		qualifier = qualifier.Join(figure.Qualifier)
		score.Stage, score.Qualifier = stage.String(), qualifier.String()
		return figure.Value.Rat(), true
	}
	if ind.Total != catalogue.RatioRule {
		value, ok := of(ind.ID)
		if !ok {
			return nil, ValueMissing
		}
		return value, ""
	}
	numerator, ok := of(ind.Numerator)
	denominator, also := of(ind.Denominator)
	switch {
	case !ok || !also:
		return nil, ValueMissing
	case denominator.Sign() == 0:
		return nil, DenominatorZero
	}
	share := new(big.Rat).Quo(numerator, denominator)
	return share.Mul(share, big.NewRat(ind.Factor, 1)), ""
}

// rank sorts the areas and ranks those without a missing score: 1, 2, 2, 4.
func rank(areas []AreaResult) {
	slices.SortFunc(areas, func(a, b AreaResult) int {
		switch aRanks, bRanks := len(a.Missing) == 0, len(b.Missing) == 0; {
		case aRanks && bRanks:
			return cmp.Or(b.sum.Cmp(a.sum), cmp.Compare(a.Area, b.Area))
		case aRanks:
			return -1
		case bRanks:
			return 1
		}
		return cmp.Compare(a.Area, b.Area)
	})
	for i := range areas {
		switch a := &areas[i]; {
		case len(a.Missing) > 0:
		case i > 0 && a.sum.Equal(areas[i-1].sum):
			a.Rank = areas[i-1].Rank
		default:
			a.Rank = i + 1
		}
	}
}
