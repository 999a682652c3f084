package catalogue

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Rules: period.
func TestPeriods(t *testing.T) {
	for _, test := range []struct {
		text        string
		want        Period
		start, last string
	}{
		{"2021", Period{2021, Year, 0}, "2021-01-01", "2021-12-31"},
		{"2021-S1", Period{2021, Half, 1}, "2021-01-01", "2021-06-30"},
		{"2021-S2", Period{2021, Half, 2}, "2021-07-01", "2021-12-31"},
		{"2021-Q1", Period{2021, Quarter, 1}, "2021-01-01", "2021-03-31"},
		{"2021-Q4", Period{2021, Quarter, 4}, "2021-10-01", "2021-12-31"},
		{"2020-02", Period{2020, Month, 2}, "2020-02-01", "2020-02-29"},
		{"2021-02", Period{2021, Month, 2}, "2021-02-01", "2021-02-28"},
		{"2021-12", Period{2021, Month, 12}, "2021-12-01", "2021-12-31"},
		{"2021-YTD06", Period{2021, YearToDate, 6}, "2021-01-01", "2021-06-30"},
		{"2021-YTD12", Period{2021, YearToDate, 12}, "2021-01-01", "2021-12-31"},
		{"1949", Period{1949, Year, 0}, "1949-01-01", "1949-12-31"},
	} {
		got, err := ParsePeriod(test.text)
		if err != nil || got != test.want || got.String() != test.text {
			t.Errorf("ParsePeriod(%s): want %+v, got %+v (%s), %v", test.text, test.want, got, got, err)
		}
		if start, last := got.Start().Format(time.DateOnly), got.LastDay().Format(time.DateOnly); start != test.start || last != test.last {
			t.Errorf("%s: want %s to %s, got %s to %s", test.text, test.start, test.last, start, last)
		}
		if !got.End().Equal(got.LastDay().AddDate(0, 0, 1)) {
			t.Errorf("%s: ends %s, last day %s", test.text, got.End(), got.LastDay())
		}
	}
}

func TestParsePeriodRefuses(t *testing.T) {
	for _, text := range []string{
		"", "21", "202", "20211", "0000", "1948", "2200", "2021-", "2021-0", "2021-1", "2021-00", "2021-13", "2021-001",
		"2021-S0", "2021-S3", "2021-S01", "2021-Q0", "2021-Q5", "2021-Q01", "2021-q1", "2021Q1", "2021-YTD", "2021-YTD6",
		"2021-YTD00", "2021-YTD13", "2021-H1", "2021-M06", "2021-06-01", "2021年", "２０２１", " 2021", "2021\n", "-2021", "2021-Q256",
	} {
		got, err := ParsePeriod(text)
		if problem, ok := errors.AsType[*Problem](err); !ok || problem.Code != "PERIOD_INVALID" || problem.Seen != text {
			t.Errorf("ParsePeriod(%q): want PERIOD_INVALID, got %+v, %v", text, got, err)
		}
	}
}

func TestPeriodsOneYearApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := periods().Draw(t, "period")
		if got := p.YearBefore().YearAfter(); got != p {
			t.Fatalf("%s: the year after the year before is %s", p, got)
		}
		if p.YearBefore().Compare(p) >= 0 || p.YearAfter().Compare(p) <= 0 || p.Compare(p) != 0 {
			t.Fatalf("%s does not lie between its neighbours", p)
		}
		if got := p.YearAfter().Start(); !got.Equal(p.Start().AddDate(1, 0, 0)) {
			t.Fatalf("%s: the year after begins %s", p, got)
		}
	})
}

// Rules: period.
func TestPeriodTextIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := periods().Draw(t, "period")
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var back Period
		if err := json.Unmarshal(text, &back); err != nil || back != p {
			t.Fatalf("%+v is written %s and read %+v, %v", p, text, back, err)
		}
	})
}

func periods() *rapid.Generator[Period] {
	last := map[PeriodKind]int{Year: 0, Half: 2, Quarter: 4, Month: 12, YearToDate: 12}
	return rapid.Custom(func(t *rapid.T) Period {
		p := Period{Year: int16(rapid.IntRange(1949, 2199).Draw(t, "year")), Kind: PeriodKind(rapid.IntRange(int(Year), int(YearToDate)).Draw(t, "kind"))}
		if last[p.Kind] > 0 {
			p.Index = uint8(rapid.IntRange(1, last[p.Kind]).Draw(t, "index"))
		}
		return p
	})
}

func TestCompareOrdersByYearKindAndIndex(t *testing.T) {
	order := []string{"2020-YTD12", "2021", "2021-S1", "2021-S2", "2021-Q1", "2021-12", "2021-YTD01", "2022"}
	for i, a := range order {
		for j, b := range order {
			p, _ := ParsePeriod(a)
			q, _ := ParsePeriod(b)
			if got := p.Compare(q); got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("%s compared with %s: got %d", a, b, got)
			}
		}
	}
}

func FuzzParsePeriod(f *testing.F) {
	for _, seed := range []string{"2021", "2021-S1", "2021-Q3", "2021-06", "2021-YTD06", "2021-Q5", "20211", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePeriod(text)
		if err != nil {
			if _, ok := errors.AsType[*Problem](err); !ok {
				t.Fatalf("%q: %v is no problem a person can read", text, err)
			}
			return
		}
		if p.String() != text {
			t.Fatalf("%q is read as %+v, which is written %s", text, p, p)
		}
		if !p.Start().Before(p.End()) {
			t.Fatalf("%q: ends %s, before it starts %s", text, p.End(), p.Start())
		}
	})
}

// Years to date are taken to the ends of the dataset's other periods.
func TestDatasetTakes(t *testing.T) {
	for _, row := range []struct {
		periods []PeriodKind
		taken   string
		of      Frequency
	}{
		{[]PeriodKind{Quarter, Half, YearToDate}, "2021-S1 2021-S2 2021-Q1 2021-Q2 2021-Q3 2021-Q4 2021-YTD03 2021-YTD06 2021-YTD09 2021-YTD12", Quarterly},
		{[]PeriodKind{Half, YearToDate}, "2021-S1 2021-S2 2021-YTD06 2021-YTD12", HalfYearly},
		{[]PeriodKind{Year, YearToDate}, "2021 2021-YTD01 2021-YTD02 2021-YTD03 2021-YTD04 2021-YTD05 2021-YTD06 2021-YTD07 2021-YTD08 2021-YTD09 2021-YTD10 2021-YTD11 2021-YTD12", Monthly},
	} {
		d := Dataset{Periods: row.periods}
		var taken []string
		for _, p := range PeriodsOfYear(2021) {
			if d.Takes(p) {
				taken = append(taken, p.String())
			}
		}
		if got := strings.Join(taken, " "); got != row.taken || d.Frequency(YearToDate) != row.of {
			t.Errorf("%v: want %s (%s), got %s (%s)", row.periods, row.taken, row.of, got, d.Frequency(YearToDate))
		}
	}
}
