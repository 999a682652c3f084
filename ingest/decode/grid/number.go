package grid

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/citytally/citytally/configs/catalogue"
)

// numberFormat is what a cell's number format does to what is seen of it.
type numberFormat struct {
	percent bool
	// scaled is true where the format shows the number divided by a thousand or more.
	scaled bool
	// date is the layout that shows as much of a date as the format does; "" is no date.
	date string
	// time is true where the format shows a time of day or a span of time.
	time bool
	// struck is true where what the cell shows is struck through.
	struck bool
	// behind is what the format writes behind the number: a unit, or what makes it a period (年预计, 月).
	behind string
}

const dayLayout = "2006-01-02"

var (
	quotedText   = regexp.MustCompile(`"([^"]*)"|\\(.)`)
	inSquare     = regexp.MustCompile(`\[[^\]]*\]`)
	elapsed      = regexp.MustCompile(`(?i)\[(?:h+|m+|s+)\]`)
	scaledFormat = regexp.MustCompile(`[0#?],+(?:[^0#?.]|$)|!\.`)
)

// builtInFormats are the number formats that have a number and no text (ECMA-376, 18.8.30), as far as
// they matter; 27 to 36 and 50 to 58 are those of Chinese Excel.
func builtInFormat(id int) numberFormat {
	switch {
	case id == 9 || id == 10:
		return numberFormat{percent: true}
	case id == 17 || id == 27 || id == 36 || id == 50 || id == 52 || id == 57:
		return numberFormat{date: "2006-01"}
	case id >= 18 && id <= 21 || id >= 32 && id <= 35 || id >= 45 && id <= 47 || id == 55 || id == 56:
		return numberFormat{time: true}
	case id >= 14 && id <= 22 || id >= 28 && id <= 31 || id >= 51 && id <= 58:
		return numberFormat{date: dayLayout}
	}
	return numberFormat{}
}

// maxFormat is how many bytes of a format are looked at. Excel's have 255 characters.
const maxFormat = 1024

func parseFormat(code string) numberFormat {
	section, _, _ := strings.Cut(code[:min(len(code), maxFormat)], ";")
	literal := ""
	for _, m := range quotedText.FindAllStringSubmatch(section, -1) {
		literal += m[1] + m[2]
	}
	if elapsed.MatchString(section) {
		return numberFormat{time: true}
	}
	bare := strings.ToLower(inSquare.ReplaceAllString(quotedText.ReplaceAllString(section, ""), ""))
	if bare == "" || strings.Contains(bare, "general") || bare == "@" {
		return numberFormat{}
	}
	year, month, day := strings.ContainsAny(bare, "ye"), strings.Contains(bare, "m"), strings.ContainsAny(bare, "dhs")
	if !strings.ContainsAny(bare, "0#?") && (year || month || day) {
		switch {
		case strings.ContainsAny(bare, "hs") && !year && !strings.Contains(bare, "d"):
			return numberFormat{time: true} // of which m are the minutes
		case day || !year:
			return numberFormat{date: dayLayout}
		case month:
			return numberFormat{date: "2006-01"}
		}
		return numberFormat{date: "2006"}
	}
	f := numberFormat{percent: strings.Contains(bare, "%"), scaled: scaledFormat.MatchString(bare)}
	for _, unit := range []string{literal, strings.Trim(bare, "0#?.,-+_() *!")} {
		if unit = catalogue.NormalizeName(unit); catalogue.IsUnit(unit) && !f.percent {
			f.behind = unit
		}
	}
	if strings.HasPrefix(literal, "年") || strings.HasPrefix(literal, "月") || strings.HasPrefix(literal, "季度") {
		f.behind = literal
	}
	return f
}

// formats reads the formats of a workbook's styles.
type formats struct {
	book *excelize.File
	all  map[int]numberFormat
}

func (fs *formats) of(style int) numberFormat {
	if style == 0 {
		return numberFormat{}
	}
	f, ok := fs.all[style]
	if !ok {
		if s, err := fs.book.GetStyle(style); err == nil && s != nil {
			if s.CustomNumFmt != nil {
				f = parseFormat(*s.CustomNumFmt)
			} else {
				f = builtInFormat(s.NumFmt)
			}
			f.struck = s.Font != nil && s.Font.Strike
		}
		if fs.all == nil {
			fs.all = map[int]numberFormat{}
		}
		fs.all[style] = f
	}
	return f
}

// spreadsheetDigits is how many digits of a number spreadsheets show. They store binary
// floating point, as 850.20000000000005 for what was typed and is shown as 850.2.
const spreadsheetDigits = 15

// plainNumber writes a number as a workbook stores it in plain digits, rounded to the digits
// that spreadsheets show and shifted by a power of ten. It reports false for what is no
// number.
func plainNumber(raw string, shift int) (string, bool) {
	if shift == 0 && len(raw) > 0 && len(raw) <= spreadsheetDigits && isDigits(raw) {
		return raw, true
	}
	if _, err := strconv.ParseFloat(raw, 64); err != nil || strings.ContainsAny(raw, "xXpP_nN") {
		return "", false
	}
	text, negative := strings.CutPrefix(strings.TrimPrefix(raw, "+"), "-")
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	if exponent != "" {
		n, err := strconv.Atoi(exponent)
		if err != nil || n > 60 || n < -60 {
			return "", false
		}
		shift += n
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	scale := len(fraction) - shift // the number is digits × 10^−scale
	if len(digits) > spreadsheetDigits {
		up := digits[spreadsheetDigits] >= '5'
		scale -= len(digits) - spreadsheetDigits
		digits = digits[:spreadsheetDigits]
		if up {
			n, _ := strconv.ParseInt(digits, 10, 64)
			digits = strconv.FormatInt(n+1, 10)
		}
	}
	for scale > 0 && strings.HasSuffix(digits, "0") {
		digits, scale = digits[:len(digits)-1], scale-1
	}
	switch {
	case digits == "":
		return "0", true
	case scale <= 0:
		digits += strings.Repeat("0", -scale)
	case len(digits) <= scale:
		digits = "0." + strings.Repeat("0", scale-len(digits)) + digits
	default:
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	if negative {
		digits = "-" + digits
	}
	return digits, true
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}
