package rules

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
)

// shipped returns the rules that ship and the catalogue that they are compiled for.
func shipped(t testing.TB) (*Set, *catalogue.Catalogue) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "configs", "catalogue.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalogue.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	set, err := Load(filepath.Join("..", "..", "configs", "rules.yaml"), c)
	if err != nil {
		t.Fatal(err)
	}
	return set, c
}

// Every expression that ships is known to be cheap when it is loaded, so that none is counted
// at each row.
func TestShippedRulesAreCheap(t *testing.T) {
	set, _ := shipped(t)
	for _, one := range set.compiled {
		if !one.program.bounded {
			t.Errorf("%s may cost more than %d", one.rule.ID, maxCost)
		}
		for _, let := range one.let {
			if !let.program.bounded {
				t.Errorf("%s of %s may cost more than %d", let.name, one.rule.ID, maxCost)
			}
		}
	}
}

// made is a history that is made up, by indicator and period.
type made map[planned]catalogue.Value

type planned struct {
	indicator string
	period    catalogue.Period
}

// madeCity is a city that is made up, as one of its areas reports: those before it have
// reported the period under judgement, and the city has its control total.
type madeCity struct {
	catalogue *catalogue.Catalogue
	areas     []string // that add up
	of        map[string]made
	own       string
	now       catalogue.Period
}

func (m *madeCity) Figure(indicator string, p catalogue.Period) (catalogue.Value, bool, bool) {
	v, ok := m.of[m.own][planned{indicator, p}]
	return v, false, ok
}

func (m *madeCity) InForce(area, indicator string, p catalogue.Period) (catalogue.Value, bool) {
	if area != m.catalogue.City {
		v, ok := m.of[area][planned{indicator, p}]
		return v, ok && (p != m.now || area < m.own)
	}
	total := decimal.Decimal{}
	for _, area := range m.areas {
		v, ok := m.of[area][planned{indicator, p}]
		if !ok {
			return v, false
		}
		total = total.Add(v.Decimal())
	}
	return valueOf(total.Round(2))
}

func (m *madeCity) Years(string) catalogue.Years {
	return catalogue.Years{First: math.MinInt16, Last: math.MaxInt16}
}

func (m *madeCity) Periods(string, int16) catalogue.PeriodSet { return ^catalogue.PeriodSet(0) }

func (m *madeCity) Repeated(p, in catalogue.Period) (same, compared int) {
	for i := range m.catalogue.Indicators {
		id := m.catalogue.Indicators[i].ID
		v, reported := m.of[m.own][planned{id, p}]
		if was, ok := m.of[m.own][planned{id, in}]; reported && ok && Telling(v) {
			if compared++; was == v {
				same++
			}
		}
	}
	return same, compared
}

func (m *madeCity) Withdrawals() (withdrawn, reported int) { return 0, 0 }

// cleanHistory makes up what an area reports in eleven years: figures that grow by some
// percent with some noise, parts that are a share of their wholes, and years to date of the
// last year that add up.
func cleanHistory(c *catalogue.Catalogue, random *rand.Rand) made {
	const first, last = 2011, 2021
	sizes := map[string][]float64{}
	var sizesOf func(id string) []float64
	sizesOf = func(id string) []float64 {
		if known := sizes[id]; known != nil {
			return known
		}
		ind, _ := c.Indicator(id)
		size, growth := 5+random.ExpFloat64()*400, 1.02+random.Float64()*0.1
		if ind.Unit().Share() {
			size, growth = 20+random.Float64()*30, 1.01
		}
		all, share := make([]float64, last-first+1), 0.2+random.Float64()*0.6
		for n := range all {
			size *= growth * (0.97 + random.Float64()*0.06)
			all[n] = size
			for w, whole := range ind.AtMost {
				if of := sizesOf(whole)[n] * share; w == 0 || of < all[n] {
					all[n] = of
				}
			}
		}
		sizes[id] = all
		return all
	}
	m := made{}
	for i := range c.Indicators {
		ind := &c.Indicators[i]
		if ind.Total == catalogue.RatioRule {
			continue
		}
		add := func(p catalogue.Period, x float64) {
			v := catalogue.Value{Coefficient: int64(x)}
			if !ind.Unit().Whole() {
				v = catalogue.Value{Coefficient: int64(x * 10000), Scale: 4}
			}
			m[planned{ind.ID, p}] = v
		}
		for n, size := range sizesOf(ind.ID) {
			add(catalogue.Period{Year: int16(first + n), Kind: catalogue.Year}, size)
		}
		for month := 2; month <= 12; month++ {
			add(catalogue.Period{Year: last, Kind: catalogue.YearToDate, Index: uint8(month)}, sizesOf(ind.ID)[last-first]*float64(month)/12.2)
		}
	}
	return m
}

var clean = flag.Int("clean", 1_500, "how many submissions without a fault the rules judge; 10000 for the full count")

// What is clean is left alone: of made-up submissions, of a year or of a month, less than
// 0.5 % have a figure that any rule remarks on. They state what they were a year before, and by
// how much they changed.
func TestFalseAlarms(t *testing.T) {
	set, c := shipped(t)
	random := rand.New(rand.NewPCG(17, 1)) // the same figures at every run
	figures, alarms, by := 0, 0, map[string]int{}
	city := &madeCity{catalogue: c, areas: c.Expected(catalogue.Period{Year: 2021, Kind: catalogue.Year})}
	for n := range *clean {
		area, month := n/12%len(city.areas), n%12
		if area == 0 && month == 0 {
			city.of = map[string]made{}
			for _, code := range city.areas {
				city.of[code] = cleanHistory(c, random)
			}
		}
		dataset, period := "sti-annual", catalogue.Period{Year: 2021, Kind: catalogue.Year}
		if month > 0 {
			dataset, period = "sti-monthly", catalogue.Period{Year: 2021, Kind: catalogue.YearToDate, Index: uint8(month + 1)}
		}
		city.own, city.now = city.areas[area], period
		of, _ := c.Area(city.own)
		alarmed := false
		for i := range c.Indicators {
			plan := set.Plans(dataset)[c.Indicators[i].ID]
			value, _, ok := city.Figure(c.Indicators[i].ID, period)
			if plan == nil || !ok {
				continue
			}
			figures++
			row := &Row{Area: of, Dataset: dataset, Period: period, Value: value, Stage: catalogue.Flash, Figures: city}
			if base, _, ok := city.Figure(c.Indicators[i].ID, period.YearBefore()); ok && base.Coefficient > 0 && !c.Indicators[i].Unit().Share() {
				stated, _ := valueOf(base.Decimal().Round(2))
				change, _ := valueOf(value.Decimal().DivRound(base.Decimal(), 9).Sub(decimal.NewFromInt(1)).Shift(2).Round(1))
				row.Base, row.Change = &stated, &change
			}
			plan.Judge(row, func(f *Fault) { alarmed = true; by[f.Rule.ID]++ })
		}
		if alarmed {
			alarms++
		}
	}
	rate := fmt.Sprintf("%d of %d submissions with %d figures: %.3f %%; by rule %v", alarms, *clean, figures, float64(alarms)*100/float64(*clean), by)
	t.Log(rate)
	if alarms*1000 >= *clean*5 {
		t.Errorf("false alarms: %s, want less than 0.5 %%", rate)
	}
}

// TakenBack returns nothing.
func (m *madeCity) TakenBack(string, catalogue.Period) (catalogue.Value, bool) {
	return catalogue.Value{}, false
}
