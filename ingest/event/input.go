package event

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/citytally/citytally/configs/catalogue"
)

// Input is one figure that went into a total.
type Input struct {
	Area      string
	Indicator string
	Value     catalogue.Value
	Stage     catalogue.Stage
	Qualifier catalogue.Qualifier
	// Submission and Sequence are the id, and the place in SUBMISSIONS, of the submission
	// that the figure came from.
	Submission SubmissionID
	Sequence   uint64
	// Period is the period that was reported, where it is not the total's. Such a figure
	// is a term from which the area's figure was derived; it is subtracted where
	// Subtracted.
	Period     catalogue.Period
	Subtracted bool
}

// Inputs are the figures that went into a total, in the text that TOTALS and
// ClickHouse keep: a JSON array with one array for each figure,
//
//	[area, indicator, value, stage, qualifier, submission, sequence, period, subtracted]
//
// Value is a text, so that it stays exact. An indicator or stage of "" is that of the
// figure before. Period and subtracted are left out where the figure is of the total's
// own period. The tally writes the text once, and everybody after it copies the text,
// because the log holds as many inputs as figures. "" is no input.
type Inputs string

// NewInputs returns the text of the figures.
func NewInputs(figures ...Input) Inputs { return CollectInputs(slices.Values(figures)) }

// CollectInputs returns the text of a sequence of figures. Each figure needs a stage,
// which every accepted figure has.
func CollectInputs(figures iter.Seq[Input]) Inputs {
	var b []byte
	var before Input
	for in := range figures {
		if b == nil {
			b = append(make([]byte, 0, inputsCapacity), '[')
		} else {
			b = append(b, ',')
		}
		b = in.appendJSON(b, &before)
		before = in
	}
	if b == nil {
		return ""
	}
	return Inputs(append(b, ']'))
}

// inputsCapacity is the bytes allocated for the text of a total's inputs at first: enough
// for ten areas.
const inputsCapacity = 1 << 10

func (in *Input) appendJSON(b []byte, before *Input) []byte {
	indicator, stage := in.Indicator, ""
	if indicator == before.Indicator {
		indicator = ""
	}
	if in.Stage != before.Stage {
		stage = in.Stage.String()
	}
	b = append(b, '[')
	b = append(appendJSON(b, in.Area), ',')
	b = append(appendJSON(b, indicator), ',', '"')
	b = append(in.Value.AppendText(b), '"', ',')
	b = append(appendJSON(b, stage), ',')
	b = append(appendJSON(b, in.Qualifier.String()), ',', '"')
	b = append(hex.AppendEncode(b, in.Submission[:]), '"', ',')
	b = strconv.AppendUint(b, in.Sequence, 10)
	if in.Period != (catalogue.Period{}) || in.Subtracted {
		b = append(b, ',', '"')
		if in.Period != (catalogue.Period{}) {
			b = append(b, in.Period.String()...)
		}
		b = append(b, '"', ',')
		b = strconv.AppendBool(b, in.Subtracted)
	}
	return append(b, ']')
}

// appendJSON appends a text as a JSON string.
func appendJSON(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			quoted, _ := json.Marshal(text) // no text fails
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

// All reads the figures. The error names the first that cannot be read.
func (text Inputs) All() ([]Input, error) {
	if text == "" {
		return nil, nil
	}
	var rows [][]json.RawMessage
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return nil, fmt.Errorf("read inputs: %w", err)
	}
	figures := make([]Input, len(rows))
	for i, row := range rows {
		in := &figures[i]
		if err := in.read(row); err != nil {
			return nil, fmt.Errorf("read input %d: %w", i+1, err)
		}
		if i > 0 {
			in.Indicator = cmp.Or(in.Indicator, figures[i-1].Indicator)
			in.Stage = cmp.Or(in.Stage, figures[i-1].Stage)
		}
	}
	return figures, nil
}

func (in *Input) read(row []json.RawMessage) error {
	var value, submission, period string
	fields := [...]any{&in.Area, &in.Indicator, &value, &in.Stage, &in.Qualifier, &submission, &in.Sequence, &period, &in.Subtracted}
	if len(row) != len(fields) && len(row) != len(fields)-2 {
		return fmt.Errorf("want %d or %d fields, got %d", len(fields)-2, len(fields), len(row))
	}
	for i := range row {
		if err := json.Unmarshal(row[i], fields[i]); err != nil {
			return err
		}
	}
	return in.parseTexts(value, submission, period)
}

func (in *Input) parseTexts(value, submission, period string) error {
	reading, err := catalogue.ParseValue(value)
	if err != nil {
		return err
	}
	in.Value = reading.Value
	if in.Submission, err = ParseSubmissionID(submission); err != nil {
		return err
	}
	if period != "" {
		in.Period, err = catalogue.ParsePeriod(period)
	}
	return err
}

// Check returns the number of figures, or why the text cannot be read. It is several
// times as fast as All.
func (text Inputs) Check() (n int, err error) {
	if n, ok := text.count(); ok {
		return n, nil
	}
	all, err := text.All()
	return len(all), err
}

// count counts the figures of a text in the form that CollectInputs writes, without
// escapes. It reports false for any other text.
func (text Inputs) count() (n int, ok bool) {
	if text == "" {
		return 0, true
	}
	p := plainReader{text: string(text)}
	for open := byte('['); p.accept(open); open = ',' {
		if !p.input() {
			return 0, false
		}
		n++
	}
	return n, n > 0 && p.accept(']') && p.at == len(p.text)
}

// input reads over one figure, and reports whether it is well-formed.
func (p *plainReader) input() bool {
	var texts [6]string // area, indicator, value, stage, qualifier, submission
	ok := p.accept('[')
	for i := range texts {
		ok = ok && p.string(&texts[i]) && p.accept(',')
	}
	var sequence, period string
	ok = ok && p.number(&sequence)
	if ok && p.accept(',') {
		ok = p.string(&period) && p.accept(',') && (p.literal("true") || p.literal("false"))
	}
	if !ok || !p.accept(']') {
		return false
	}
	_, err := catalogue.ParseValue(texts[2])
	return err == nil
}

// UnmarshalCBOR reads the text, or the array of figures of layout 1.
func (text *Inputs) UnmarshalCBOR(data []byte) error {
	if !isArray(data) {
		return binaryDecoding.Unmarshal(data, (*string)(text))
	}
	var old []inputLayout1
	if err := binaryDecoding.Unmarshal(data, &old); err != nil {
		return err
	}
	figures := make([]Input, len(old))
	for i := range old {
		var err error
		if figures[i], err = old[i].input(); err != nil {
			return fmt.Errorf("read input %d: %w", i+1, err)
		}
	}
	*text = NewInputs(figures...)
	return nil
}

// inputLayout1 is an input of layout 1.
type inputLayout1 struct {
	Area       string `cbor:"1,keyasint"`
	Indicator  string `cbor:"2,keyasint"`
	Value      string `cbor:"3,keyasint"`
	Stage      string `cbor:"4,keyasint"`
	Qualifier  string `cbor:"5,keyasint"`
	Submission string `cbor:"6,keyasint"`
	Sequence   uint64 `cbor:"7,keyasint"`
	Period     string `cbor:"8,keyasint,omitempty"`
	Subtracted bool   `cbor:"9,keyasint,omitempty"`
}

func (old *inputLayout1) input() (Input, error) {
	in := Input{Area: old.Area, Indicator: old.Indicator, Sequence: old.Sequence, Subtracted: old.Subtracted}
	var err error
	if in.Stage, err = catalogue.ParseStage(old.Stage); err != nil {
		return in, err
	}
	if in.Qualifier, err = catalogue.ParseQualifier(old.Qualifier); err != nil {
		return in, err
	}
	return in, in.parseTexts(old.Value, old.Submission, old.Period)
}
