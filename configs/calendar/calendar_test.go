package calendar

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
)

var update = flag.Bool("update", false, "write the messages of testdata/*.bad.yaml anew")

func TestGoodFileIsRead(t *testing.T) {
	c, err := Load("testdata/all.good.yaml", city(t))
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{2020, 2021, 2022, 2023, 2024, 2025, 2026, 2028}; !slices.Equal(c.HolidayYears(), want) {
		t.Errorf("holidays: want the built-in years and the file's own, got %v", c.HolidayYears())
	}
	for text, want := range map[string][2]bool{
		"2026-10-10": {true, true}, "2026-10-07": {false, true}, "2026-10-11": {false, true}, "2026-10-12": {true, true},
		"2027-12-31": {false, false}, "2028-10-08": {true, true}, "2027-10-01": {true, false},
	} {
		if worked, known := c.IsWorkingDay(day(t, text)); worked != want[0] || known != want[1] {
			t.Errorf("%s: want worked and known %v, got %v, %v", text, want, worked, known)
		}
	}
}

func TestBadFilesAreRefusedWithEveryMistake(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.bad.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Parse("calendar", text, city(t))
		if err == nil {
			t.Errorf("%s: no mistake was found", path)
			continue
		}
		golden, got := strings.TrimSuffix(path, ".yaml")+".txt", err.Error()+"\n"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s: messages differ (-want +got), -update writes them:\n%s", path, diff)
		}
	}
}

// TestWhoOwes wants carved-out zones to owe, inside zones only where they are named, areas
// only while they exist, and the city only what it alone reports.
func TestWhoOwes(t *testing.T) {
	c, err := Load("testdata/all.good.yaml", city(t))
	if err != nil {
		t.Fatal(err)
	}
	for period, want := range map[string]string{
		"2020":       "annual 100000, annual 100002, annual 100009, annual 100071",
		"2021":       "annual 100000, annual 100001, annual 100002, annual 100071",
		"2015":       "",
		"2021-06":    "monthly 100002, monthly 100009, monthly 100071, monthly hitech",
		"2021-07":    "monthly 100001, monthly 100002, monthly 100071, monthly hitech",
		"2021-01":    "monthly hitech",
		"2021-YTD03": "monthly 100002, monthly 100009",
		"2021-YTD01": "",
		"2021-Q1":    "",
	} {
		p := parsePeriod(t, period)
		var got []string
		for _, o := range c.OfPeriod(p) {
			got = append(got, o.Dataset+" "+o.Area)
			if due, ok := c.Due(o.Dataset, o.Area, p); !ok || !cmp.Equal(due, o.Due) {
				t.Errorf("Due(%s, %s, %s) disagrees: %v, %v", o.Dataset, o.Area, p, due, ok)
			}
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s:\nwant %s\n got %s", period, want, strings.Join(got, ", "))
		}
	}
	for _, none := range [][3]string{{"monthly", "100071", "2021-YTD03"}, {"annual", "hitech", "2021"}, {"annual", "100009", "2021"}, {"annual", "100001", "2020"}, {"none", "100001", "2021"}, {"annual", "none", "2021"}} {
		if due, ok := c.Due(none[0], none[1], parsePeriod(t, none[2])); ok {
			t.Errorf("%v: want nothing owed, got %v", none, due)
		}
	}
}

// Years to date that a quarterly dataset takes are owed to the ends of quarters.
func TestYearsToDateOfQuarters(t *testing.T) {
	text, err := os.ReadFile("testdata/city.yaml")
	if err != nil {
		t.Fatal(err)
	}
	quarterly, err := catalogue.Parse([]byte(strings.Replace(strings.Replace(string(text), "[year, quarter]", "[quarter, ytd]", 1), "datasets: [other], frequency: A", "datasets: [other]", 1)))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse("calendar", []byte("obligations: [{dataset: other, periods: [ytd], valid_from: 2021-01-01, valid_to: 2022-01-01, areas: [\"100002\"], deadline: day 20 of the next month}]\n"), quarterly)
	if err != nil {
		t.Fatal(err)
	}
	var owed []string
	for _, o := range c.Obligations(time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)) {
		owed = append(owed, fmt.Sprint(o.Period, " ", c.Indicators(o.Dataset, o.Area, o.Period)))
	}
	if got, want := strings.Join(owed, ", "), "2021-YTD03 [visits], 2021-YTD06 [visits], 2021-YTD09 [visits], 2021-YTD12 [visits]"; got != want {
		t.Errorf("want %s\n got %s", want, got)
	}
}

func TestIndicatorsOwed(t *testing.T) {
	c, err := Load("testdata/all.good.yaml", city(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		dataset, area string
		period        string
		want          string
	}{
		{"annual", "100001", "2021", "[income people]"},
		{"annual", "100000", "2021", "[papers]"},
		{"monthly", "100071", "2021-03", "[income]"},
		{"monthly", "hitech", "2021-YTD03", "[income]"},
		{"monthly", "100000", "2021-03", "[]"},
		{"monthly", "nowhere", "2021-03", "[]"},
	} {
		p, err := catalogue.ParsePeriod(row.period)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(c.Indicators(row.dataset, row.area, p)); got != row.want {
			t.Errorf("%s, %s, %s: want %s, got %s", row.dataset, row.area, row.period, row.want, got)
		}
	}
}

func city(t testing.TB) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Load("testdata/city.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func parsePeriod(t testing.TB, text string) catalogue.Period {
	t.Helper()
	p, err := catalogue.ParsePeriod(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func day(t testing.TB, text string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
