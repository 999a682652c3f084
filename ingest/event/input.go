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
	// Submission and Sequence (in SUBMISSIONS) are where the figure came from.
	Submission SubmissionID
	Sequence   uint64
	// Period is the period reported where it is another than the total's; then
	// the figure is a term of a derived one, taken away where Subtracted.
	Period     catalogue.Period
	Subtracted bool
}

// Inputs are the figures that went into a total, in the text that TOTALS and
// ClickHouse keep: JSON, an array with one for each figure,
//
//	[area, indicator, value, stage, qualifier, submission, sequence, period, subtracted]
//
// where value is a text, so that it stays exact. An indicator or stage of "" is
// that of the figure before; period and subtracted are left out where the figure
// is of the total's own period. There are as many of them as figures: they are
// written once, by the tally, and from there on copied. "" is none.
type Inputs string

// NewInputs returns the text of some figures.
func NewInputs(figures ...Input) Inputs { return CollectInputs(slices.Values(figures)) }

// CollectInputs returns the text of the figures that come. Each of them has a
// stage, as whatever was accepted does.
func CollectInputs(figures iter.Seq[Input]) Inputs {
	var b []byte
	var before Input
	for in := range figures {
		if b == nil {
			b = append(make([]byte, 0, someInputs), '[')
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

// What a total of ten areas has room for in; longer texts grow.
const someInputs = 1 << 10

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

// All reads the figures. The error says which of them cannot be read.
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
	return in.settle(value, submission, period)
}

func (in *Input) settle(value, submission, period string) error {
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

// Check returns how many figures there are, or why the text cannot be read. It is
// several times as fast as All.
func (text Inputs) Check() (n int, err error) {
	if n, ok := text.count(); ok {
		return n, nil
	}
	all, err := text.All()
	return len(all), err
}

// count counts the figures of a text as CollectInputs writes it, without escapes;
// it reports false for anything else.
func (text Inputs) count() (n int, ok bool) {
	if text == "" {
		return 0, true
	}
	p := plain{text: string(text)}
	for open := byte('['); p.take(open); open = ',' {
		if !p.input() {
			return 0, false
		}
		n++
	}
	return n, n > 0 && p.take(']') && p.at == len(p.text)
}

// input passes over one figure.
func (p *plain) input() bool {
	var texts [6]string // area, indicator, value, stage, qualifier, submission
	ok := p.take('[')
	for i := range texts {
		ok = ok && p.string(&texts[i]) && p.take(',')
	}
	var sequence, period string
	ok = ok && p.number(&sequence)
	if ok && p.take(',') {
		ok = p.string(&period) && p.take(',') && (p.word("true") || p.word("false"))
	}
	if !ok || !p.take(']') {
		return false
	}
	_, err := catalogue.ParseValue(texts[2])
	return err == nil
}

// UnmarshalCBOR reads the text, or the figures as layout 1 had them.
func (text *Inputs) UnmarshalCBOR(data []byte) error {
	if !isArray(data) {
		return binaryDecoding.Unmarshal(data, (*string)(text))
	}
	var old []input1
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

// input1 is an input of layout 1.
type input1 struct {
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

func (old *input1) input() (Input, error) {
	in := Input{Area: old.Area, Indicator: old.Indicator, Sequence: old.Sequence, Subtracted: old.Subtracted}
	var err error
	if in.Stage, err = catalogue.ParseStage(old.Stage); err != nil {
		return in, err
	}
	if in.Qualifier, err = catalogue.ParseQualifier(old.Qualifier); err != nil {
		return in, err
	}
	return in, in.settle(old.Value, old.Submission, old.Period)
}
