package catalogue

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// PeriodKind is the length of a period.
type PeriodKind uint8

// The kinds of period, from the longest to the shortest. YearToDate is
// cumulative from January to a month.
const (
	Year PeriodKind = iota + 1
	Half
	Quarter
	Month
	YearToDate
)

var periodKindNames = map[PeriodKind]string{
	Year: "year", Half: "half", Quarter: "quarter", Month: "month", YearToDate: "ytd",
}

// String returns the kind's name in catalogue files: year, half, quarter,
// month or ytd.
func (k PeriodKind) String() string { return periodKindNames[k] }

// UnmarshalText reads a kind as catalogue files write it.
func (k *PeriodKind) UnmarshalText(text []byte) error {
	for kind, name := range periodKindNames {
		if name == string(text) {
			*k = kind
			return nil
		}
	}
	return fmt.Errorf("want year, half, quarter, month or ytd, got %q", text)
}

// frequency returns how often such periods follow one another.
func (k PeriodKind) frequency() Frequency {
	return map[PeriodKind]Frequency{Year: Annual, Half: HalfYearly, Quarter: Quarterly, Month: Monthly, YearToDate: Monthly}[k]
}

// frequency returns how often figures have to be reported for one of the period to follow: of a
// year to date, the longest part of the year that ends with it.
func (p Period) frequency() Frequency {
	if p.Kind == YearToDate && p.Index%6 == 0 {
		return HalfYearly
	}
	if p.Kind == YearToDate && p.Index%3 == 0 {
		return Quarterly
	}
	return p.Kind.frequency()
}

// MarshalText writes a kind as catalogue files do.
func (k PeriodKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Period is the time of a figure. It is comparable; its zero value is no period.
type Period struct {
	Year int16
	Kind PeriodKind
	// Index counts within the year from 1: the half, quarter or month; the last
	// month of a year to date; 0 for a year.
	Index uint8
}

var periodPattern = regexp.MustCompile(`^(\d{4})(?:-(S|Q|YTD)?(\d{1,2}))?$`)

// ParsePeriod reads an SDMX period code: 2021, 2021-S1, 2021-Q3, 2021-06, or
// 2021-YTD06 for January to June. Anything else is a [Problem].
func ParsePeriod(text string) (Period, error) {
	if p, ok := parseYear(text); ok {
		return p, nil
	}
	m := periodPattern.FindStringSubmatch(text)
	if m == nil {
		return Period{}, badPeriod(text)
	}
	year, _ := strconv.Atoi(m[1])
	index, _ := strconv.Atoi(m[3])
	p := Period{Year: int16(year), Index: uint8(index)}
	digits, last := 1, 12
	switch m[2] {
	case "S":
		p.Kind, last = Half, 2
	case "Q":
		p.Kind, last = Quarter, 4
	case "YTD":
		p.Kind, digits = YearToDate, 2
	default:
		p.Kind, digits = Month, 2
	}
	if len(m[3]) != digits || index < 1 || index > last || !plausibleYear(year) {
		return Period{}, badPeriod(text)
	}
	return p, nil
}

// parseYear reads the commonest period without the cost of a pattern.
func parseYear(text string) (Period, bool) {
	if len(text) != 4 {
		return Period{}, false
	}
	year := 0
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return Period{}, false
		}
		year = year*10 + int(c-'0')
	}
	return Period{Year: int16(year), Kind: Year}, plausibleYear(year)
}

// A year outside this range is a typing mistake: statistics of the People's
// Republic begin in 1949, and the far bound only has to catch 20211.
func plausibleYear(year int) bool { return year >= 1949 && year <= 2199 }

func badPeriod(seen string) error {
	if strings.TrimSpace(seen) == "" {
		return &Problem{
			Code: "PERIOD_INVALID",
			ZH:   "没有填写报告期；请写成 2021年、2021年上半年、2021年三季度、2021年6月 或 2021年1—6月",
			EN:   "there is no period; write 2021, 2021-S1, 2021-Q3, 2021-06, or 2021-YTD06 for January to June",
		}
	}
	return &Problem{
		Code: "PERIOD_INVALID", Seen: seen,
		ZH: fmt.Sprintf("无法识别的报告期%s；请写成 2021年、2021年上半年、2021年三季度、2021年6月 或 2021年1—6月", Quoted(seen)),
		EN: fmt.Sprintf("%q is not a period; write 2021, 2021-S1, 2021-Q3, 2021-06, or 2021-YTD06 for January to June", seen),
	}
}

// String returns the SDMX code that ParsePeriod reads.
func (p Period) String() string {
	if p.Kind < Year || p.Kind > YearToDate {
		return ""
	}
	b := appendDigits(make([]byte, 0, len("2021-YTD06")), int(p.Year), 4)
	switch p.Kind {
	case Half:
		b = appendDigits(append(b, "-S"...), int(p.Index), 1)
	case Quarter:
		b = appendDigits(append(b, "-Q"...), int(p.Index), 1)
	case Month:
		b = appendDigits(append(b, '-'), int(p.Index), 2)
	case YearToDate:
		b = appendDigits(append(b, "-YTD"...), int(p.Index), 2)
	}
	return string(b)
}

// appendDigits appends a number with leading zeros, up to a width.
func appendDigits(b []byte, n, width int) []byte {
	text := strconv.Itoa(n)
	for range width - len(text) {
		b = append(b, '0')
	}
	return append(b, text...)
}

// YearBefore returns the same period one year earlier, the base of a change.
func (p Period) YearBefore() Period { p.Year--; return p }

// YearAfter returns the same period one year later, the first to depend on p
// as a base.
func (p Period) YearAfter() Period { p.Year++; return p }

// Start returns the period's first instant, in UTC.
func (p Period) Start() time.Time {
	return time.Date(int(p.Year), time.Month(p.firstMonth()), 1, 0, 0, 0, 0, time.UTC)
}

// End returns the first instant after the period, in UTC.
func (p Period) End() time.Time {
	return time.Date(int(p.Year), time.Month(p.lastMonth())+1, 1, 0, 0, 0, 0, time.UTC)
}

// HasBegun reports whether the period has begun at an instant, in a time zone.
func (p Period) HasBegun(at time.Time, zone *time.Location) bool {
	return reached(p.Start(), at, zone)
}

// HasEnded reports whether the period has ended at an instant, in a time zone.
func (p Period) HasEnded(at time.Time, zone *time.Location) bool {
	return reached(p.End(), at, zone)
}

// reached reports whether a day, given by its midnight in UTC, has begun at an instant
// in a time zone.
func reached(day, at time.Time, zone *time.Location) bool {
	const largestOffset = 24 * time.Hour // no zone is as far from UTC
	switch since := at.Sub(day); {
	case since >= largestOffset:
		return true
	case since <= -largestOffset:
		return false
	}
	return !at.Before(time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone))
}

// LastDay returns the period's last day, on which stocks are read.
func (p Period) LastDay() time.Time { return p.End().AddDate(0, 0, -1) }

func (p Period) firstMonth() int {
	switch p.Kind {
	case Half:
		return int(p.Index)*6 - 5
	case Quarter:
		return int(p.Index)*3 - 2
	case Month:
		return int(p.Index)
	}
	return 1
}

func (p Period) lastMonth() int {
	switch p.Kind {
	case Half:
		return int(p.Index) * 6
	case Quarter:
		return int(p.Index) * 3
	case Month, YearToDate:
		return int(p.Index)
	}
	return 12
}

// Compare orders periods by year, then kind, then index.
func (p Period) Compare(q Period) int {
	return cmp.Or(cmp.Compare(p.Year, q.Year), cmp.Compare(p.Kind, q.Kind), cmp.Compare(p.Index, q.Index))
}

// MarshalText writes the SDMX code.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the SDMX code.
func (p *Period) UnmarshalText(text []byte) error {
	q, err := ParsePeriod(string(text))
	if err != nil {
		return err
	}
	*p = q
	return nil
}

// MetBy returns the periods of which a figure meets what is owed for the period: itself, other
// kinds that span the same months, and of a part of the year the year to its end, since what is
// before it is owed too. December's year to date does not meet the year, whose figure is the annual one.
func (p Period) MetBy() []Period {
	by := []Period{p}
	switch _, to := p.Months(); {
	case p.Kind == YearToDate:
		for _, same := range []Period{{Kind: Month, Index: 1}, {Kind: Quarter, Index: 1}, {Kind: Half, Index: 1}} {
			if same.lastMonth() == to {
				by = append(by, Period{Year: p.Year, Kind: same.Kind, Index: 1})
			}
		}
	case p.Kind != Year:
		by = append(by, Period{Year: p.Year, Kind: YearToDate, Index: uint8(to)})
	}
	return by
}
