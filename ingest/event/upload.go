package event

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/citytally/citytally/configs/catalogue"
)

// DecodeUpload reads a submission's JSON as a sender writes it: as [DecodeSubmission] does,
// but the fields of a malformed row are unknown, since they are what this program says of it.
func DecodeUpload(text string) (Submission, error) {
	if s, ok := decodePlain(text); ok {
		checkRows(&s)
		return s, notAPart(&s)
	}
	var loose struct {
		Submission
		Observations []jsontext.Value `json:"observations"`
	}
	if err := readStrictly([]byte(text), &loose); err != nil {
		return Submission{}, err
	}
	s := loose.Submission
	if err := notAPart(&s); err != nil {
		return Submission{}, err
	}
	s.Observations = make([]Observation, len(loose.Observations))
	for i, raw := range loose.Observations {
		var o uploadedObservation
		err := readStrictly(raw, &o)
		if err == nil {
			s.Observations[i], err = o.observation()
		}
		if err != nil {
			s.Observations[i] = malformedUpload(string(raw), err)
		}
	}
	checkRows(&s)
	return s, nil
}

// notAPart returns the problem of a sender who says that it sends a part.
func notAPart(s *Submission) error {
	if s.Part == nil {
		return nil
	}
	return &catalogue.Problem{ZH: `"part" 由系统填写，报送中不能出现；请去掉，并一次提交整个文件`, EN: `"part" is written by the gateway and may not be sent; take it out, and send the whole in one upload`}
}

// UploadedLine is an observation as one line of JSON says it (NDJSON), with the area and
// dataset it is of, or "".
type UploadedLine struct {
	Area, Dataset string
	Observation   Observation
}

// DecodeUploadLine reads an observation's JSON, by the rules of [DecodeUpload].
func DecodeUploadLine(text string) UploadedLine {
	one, ok := decodePlainLine(text)
	if !ok {
		var err error
		if one, err = decodeLineStrictly(text); err != nil {
			return UploadedLine{Observation: malformedUpload(text, err)}
		}
	}
	checkRow(&one.Observation)
	return one
}

func decodeLineStrictly(text string) (UploadedLine, error) {
	var line struct {
		Area    string `json:"area"`
		Dataset string `json:"dataset"`
		uploadedObservation
	}
	if err := readStrictly([]byte(text), &line); err != nil {
		return UploadedLine{}, err
	}
	o, err := line.observation()
	return UploadedLine{line.Area, line.Dataset, o}, err
}

// uploadedObservation is an observation as senders write it. Value is nil where it is left
// out.
type uploadedObservation struct {
	Indicator string         `json:"indicator"`
	Period    string         `json:"period"`
	Value     jsontext.Value `json:"value"`
	Unit      string         `json:"unit"`
	Stage     string         `json:"stage"`
	Status    string         `json:"status"`
	Qualifier string         `json:"qualifier"`
	Note      string         `json:"note"`
	Row       int            `json:"row"`
	Action    string         `json:"action"`
	Cell      string         `json:"cell"`
	Base      string         `json:"base"`
	Change    string         `json:"change"`
	*Listing
}

func (u *uploadedObservation) observation() (Observation, error) {
	o := Observation{
		Indicator: u.Indicator, Period: u.Period, Unit: u.Unit, Stage: u.Stage, Status: u.Status, Qualifier: u.Qualifier, Note: u.Note, Row: u.Row, Cell: u.Cell,
		Action: u.Action, Base: u.Base, Change: u.Change, Listing: u.Listing,
	}
	if u.Value == nil {
		return o, nil
	}
	if err := o.Value.UnmarshalJSON(u.Value); err != nil || u.Value.Kind() != '0' {
		return o, err
	}
	// An exponent is plain JSON, not a slip of Excel: 1e3 is 1000.
	plain, ok := PlainNumber(string(u.Value))
	if !ok {
		return o, &catalogue.Problem{
			Code: "VALUE_TOO_LONG",
			ZH:   fmt.Sprintf("字段 value 的 %.40s 位数过多", u.Value), EN: fmt.Sprintf("value: %.40s has too many digits", u.Value),
		}
	}
	o.Value = Text(plain)
	return o, nil
}

func malformedUpload(text string, err error) Observation {
	zh, en := ExplainJSON(err)
	return Observation{Malformed: Excerpt(text, maxExcerpt), Problem: en, ProblemZH: zh}
}

// PlainNumber writes a JSON number with an exponent in plain digits, exactly. It reports
// false where that takes more than maxExpanded digits.
func PlainNumber(number string) (string, bool) {
	mantissa, exponent, ok := strings.Cut(strings.ToLower(number), "e")
	if !ok {
		return number, true
	}
	shift := 0
	if _, err := fmt.Sscanf(exponent, "%d", &shift); err != nil || shift < -maxExpanded || shift > maxExpanded || len(exponent) > 4 {
		return "", false
	}
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	point := len(whole) + shift
	if point <= 0 {
		digits, point = strings.Repeat("0", 1-point)+digits, 1
	}
	if point > len(digits) {
		digits += strings.Repeat("0", point-len(digits))
	}
	if len(digits) > maxExpanded {
		return "", false
	}
	plain := strings.TrimLeft(digits[:point], "0")
	if plain == "" {
		plain = "0"
	}
	if rest := strings.TrimRight(digits[point:], "0"); rest != "" {
		plain += "." + rest
	}
	if negative {
		plain = "-" + plain
	}
	return plain, true
}

// maxExpanded is the most digits that a number with an exponent is written out to.
const maxExpanded = 40
