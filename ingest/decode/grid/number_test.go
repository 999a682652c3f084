package grid

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// Workbooks store binary floating point. A number is read as the digits that were typed.
func TestPlainNumber(t *testing.T) {
	for raw, want := range map[string]string{
		"850.2": "850.2", "850.20000000000005": "850.2", "0.30000000000000004": "0.3", "1E-7": "0.0000001", "1.2345E+20": "123450000000000000000", "-0": "0", "-5.50": "-5.5",
		"999999999999999.9": "1000000000000000", "0": "0", "007": "007", "12345678901234567": "12345678901234600", "1e300": "", "NaN": "", "0x1p4": "", "": "", "1_000": "",
	} {
		if got, ok := plainNumber(raw, 0); got != want || ok != (want != "") {
			t.Errorf("%s: got %q, want %q", raw, got, want)
		}
	}
	if got, _ := plainNumber("0.651", 2); got != "65.1" {
		t.Errorf("0.651 as a percentage is %s", got)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		typed := strconv.FormatInt(r.Int64N(1e12), 10) + "." + strconv.FormatInt(1+r.Int64N(9), 10)
		f, err := strconv.ParseFloat(typed, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := plainNumber(strconv.FormatFloat(f, 'G', 17, 64), 0); got != typed {
			t.Fatalf("typed %s, stored as %s, read as %s", typed, strconv.FormatFloat(f, 'G', 17, 64), got)
		}
	}
}

func TestParseFormat(t *testing.T) {
	for code, want := range map[string]numberFormat{
		"General": {}, "@": {}, "0.00": {}, "#,##0.00_);(#,##0.00)": {}, "0.0%": {percent: true}, `0"万元"`: {behind: "万元"}, "#,##0,": {scaled: true}, `0!.0,"万"`: {scaled: true, behind: "万"},
		"yyyy-mm-dd": {date: dayLayout}, `yyyy"年"m"月"`: {date: "2006-01"}, `[$-804]yyyy"年"m"月";@`: {date: "2006-01"}, "yyyy": {date: "2006"}, "mmm-yy": {date: "2006-01"}, "h:mm": {time: true}, "[h]:mm:ss": {time: true}, "yyyy-mm-dd h:mm": {date: dayLayout},
		`0"年预计"`: {behind: "年预计"}, `0"月"`: {behind: "月"},
	} {
		if got := parseFormat(code); got != want {
			t.Errorf("%s: got %+v, want %+v", code, got, want)
		}
	}
	// Of one of megabytes, which no Excel writes, no more is read than of a long one, for each style that has it.
	if got := parseFormat(strings.Repeat("0", maxFormat) + `"万元"`); got != (numberFormat{}) {
		t.Errorf("behind the longest format: %+v", got)
	}
}

func TestDelimitedLosesNoOtherRow(t *testing.T) {
	g := NewDelimited("a,\"b,\nc\"\nx,y\"z\n1, \"2\" ,3\r\n\n", ',', Limits{})
	var got [][]string
	for {
		r, err := g.Next()
		if err != nil {
			break
		}
		if r.Problem != nil {
			got = append(got, []string{"problem in row " + strconv.Itoa(r.Number)})
			continue
		}
		got = append(got, append([]string{strconv.Itoa(r.Number)}, r.Cells...))
	}
	want := [][]string{{"1", "a", "b,\nc"}, {"problem in row 2"}, {"3", "1", "2", "3"}, {"4", ""}}
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		for j := range want[i] {
			if len(got[i]) != len(want[i]) || got[i][j] != want[i][j] {
				t.Errorf("row %d: got %q, want %q", i+1, got[i], want[i])
				break
			}
		}
	}
}

func TestColumnName(t *testing.T) {
	for i, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 701: "ZZ", 702: "AAA", 16383: "XFD"} {
		if got := ColumnName(i); got != want {
			t.Errorf("column %d is %s, want %s", i, got, want)
		}
		if column, row, ok := cellPlace(want + "7"); column != i+1 || row != 7 || !ok {
			t.Errorf("%s7 is column %d, row %d", want, column, row)
		}
	}
}
