package event

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/citytally/citytally/configs/catalogue"
)

// Submission is what an area sends in one go, and the public contract of the
// SUBMISSIONS stream: JSON on the subject submissions.<area>.<dataset>.
type Submission struct {
	// Area and Dataset may be left out, because the subject names them; where given, they
	// have to agree with it.
	Area    string `json:"area"`
	Dataset string `json:"dataset"`
	// Reason says why figures change after a lock. A new reason makes the same content a
	// new submission.
	Reason string `json:"reason,omitempty"`
	// Key is the sender's own name for this submission, "" where there is none: the same
	// content with another key is another submission, and with the same key the same one
	// for ever. Again says that content which was superseded since is meant anew.
	Key   string `json:"key,omitempty"`
	Again bool   `json:"again,omitempty"`
	// Part says which part it is of a submission that is larger than a message; nil for a whole
	// one. The gateway makes parts; what a sender says of them is refused.
	Part *Part `json:"part,omitempty"`
	// File is the name of the file the figures came from, for messages.
	File string `json:"file,omitempty"`
	// Sheet is the sheet of the workbook, and Columns the letters of the columns that hold a
	// field, as spreadsheets name them: {"period": "B"}. Both are for messages, and optional.
	Sheet        string            `json:"sheet,omitempty"`
	Columns      map[string]string `json:"columns,omitempty"`
	Observations []Observation     `json:"observations"`
}

// Observation is one figure as the reporter wrote it, unchecked.
type Observation struct {
	Indicator string `json:"indicator"`
	Period    string `json:"period"`
	// Value is the text of the value; in JSON it may be a string or a number.
	Value Text `json:"value"`
	// Unit, Stage, Status, Qualifier and Note are optional.
	Unit      string `json:"unit,omitempty"`
	Stage     string `json:"stage,omitempty"`
	Status    string `json:"status,omitempty"`
	Qualifier string `json:"qualifier,omitempty"`
	Note      string `json:"note,omitempty"`
	// Action is "", or D (of SDMX, delete): what was reported before is withdrawn.
	Action string `json:"action,omitempty"`
	// Base and Change are what the reporter takes the figure of a year before to be, in the
	// row's unit, and the change since: in percent, of a share in percentage points. They
	// are held against what is known, and never taken for a figure.
	Base   string `json:"base,omitempty"`
	Change string `json:"change,omitempty"`
	// Listing is what a row of a dataset of entities says; its fields stand among these.
	*Listing
	// Row is the figure's row in the file, counted from 1; 0 stands for its place in
	// Observations, counted likewise.
	Row int `json:"row,omitempty"`
	// Cell is the figure's place in a table with many figures in a row, as spreadsheets
	// name it: C4. It is for messages, and optional.
	Cell string `json:"cell,omitempty"`
	// Malformed is the text of a row that could not be read as an observation; Problem and
	// ProblemZH say why, in English and Chinese. Such a row is reported to the sender, and
	// the other rows count.
	Malformed string `json:"malformed,omitempty"`
	Problem   string `json:"problem,omitempty"`
	ProblemZH string `json:"problem_zh,omitempty"`
	// Foreign is the area that such a row is of, by its code or as it was written, where that is
	// another one than the sender's.
	Foreign string `json:"foreign,omitempty"`
}

// Text is a value's exact text. In JSON it is a string or a number, which is kept digit
// by digit: 0.10 stays 0.10.
type Text string

// UnmarshalJSON takes the text of a string, or of a number digit by digit.
func (t *Text) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		*t = Text(s)
		return nil
	}
	switch string(raw) {
	case "null":
		*t = ""
		return nil
	case "true", "false":
		return notTextOrNumber(raw)
	}
	if raw[0] == '{' || raw[0] == '[' {
		return notTextOrNumber(raw)
	}
	*t = Text(raw)
	return nil
}

func notTextOrNumber(raw []byte) error {
	return &catalogue.Problem{
		Code: "VALUE_NOT_A_NUMBER", Seen: fmt.Sprintf("%.40s", raw),
		ZH: fmt.Sprintf("字段 value 应为文本或数字，收到的是 %.40s", raw), EN: fmt.Sprintf("value: want text or a number, got %.40s", raw),
	}
}

// DecodeSubmission reads a submission's JSON. An observation that cannot be read becomes
// a Malformed one, and the others are kept; only text that is no submission at all is an
// error.
func DecodeSubmission(data []byte) (Submission, error) {
	most := max(MaxRows, len(data)/leastRow)
	switch rows, members := measure(data, most); {
	case rows > most:
		return Submission{}, &catalogue.Problem{
			ZH: fmt.Sprintf("这样大小的报送最多 %d 行，请分成几份提交", most),
			EN: fmt.Sprintf("a submission of this size holds at most %d rows; send them in several", most),
		}
	case members > maxMembers:
		return Submission{}, &catalogue.Problem{
			ZH: fmt.Sprintf("一个对象的字段多于 %d 个；报送和观测值的字段见 GET /openapi.yaml", maxMembers),
			EN: fmt.Sprintf("an object has more than %d fields; those of a submission and of an observation are in GET /openapi.yaml", maxMembers),
		}
	}
	if s, ok := decodePlain(string(data)); ok {
		checkRows(&s)
		return s, nil
	}
	var s Submission
	if err := readStrictly(data, &s); err == nil {
		checkRows(&s)
		return s, nil
	}
	var loose struct {
		Submission
		Observations []jsontext.Value `json:"observations"`
	}
	if err := readStrictly(data, &loose); err != nil {
		return Submission{}, err
	}
	s = loose.Submission
	s.Observations = make([]Observation, len(loose.Observations))
	for i, raw := range loose.Observations {
		if err := readStrictly(raw, &s.Observations[i]); err != nil {
			zh, en := ExplainJSON(err)
			s.Observations[i] = Observation{Malformed: Excerpt(string(raw), maxExcerpt), Problem: en, ProblemZH: zh}
		}
	}
	checkRows(&s)
	return s, nil
}

// MaxRows is how many rows one submission may hold, whatever is in them. A longer one needs more
// of leastRow bytes for each, as every row with an indicator, a period and a value has. Whoever
// publishes to the broker could put four million rows into a message, each of which takes most
// of a kilobyte once read; or one row with a million fields, of whose names a strict reader keeps
// every one.
const (
	MaxRows  = 200_000
	leastRow = 32
	// maxMembers is how many members an object may have in a text that is long enough to be measured.
	maxMembers = 1000
)

// measure returns how many rows the JSON of a submission lists, and how many members or elements
// its largest other object or list has, at the price of a look at each byte. It ends where either
// is too large, and returns nothing for a text that is too short for that many rows.
func measure(data []byte, most int) (rows, members int) {
	if len(data) <= 2*most {
		return 0, 0
	}
	const ofList = 2 // the depth within the list of rows
	// open are the objects and lists around a byte. Those nested more deeply, as none of a
	// submission is, count as one.
	var open [8]struct {
		list  bool
		parts int
	}
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		at := &open[min(max(depth, 0), len(open)-1)]
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			if depth++; 0 < depth && depth < len(open) {
				open[depth].list, open[depth].parts = c == '[', 1
			}
		case c == '}', c == ']':
			depth--
		case c == ',' && depth == ofList && at.list:
			if rows = max(rows, 1) + 1; rows > most {
				return rows, members
			}
		case c == ',':
			at.parts++
			if members = max(members, at.parts); members > maxMembers {
				return rows, members
			}
		}
	}
	return rows, members
}

const (
	// maxExcerpt is how many bytes of a row that cannot be read are shown.
	maxExcerpt = 200
	// maxCell and maxSheet are how many bytes of a cell's and a sheet's name are kept.
	maxCell, maxSheet = 40, 100
	// maxRow is the largest row number taken: more than the rows of any spreadsheet, and
	// of any file that fits into a message.
	maxRow = 100_000_000
)

// CellOf returns the place of an observation's field in the file, as spreadsheets name it:
// C4, or 'Sheet 1'!C4; "" where that is not known.
func (s *Submission) CellOf(o *Observation, field string) string {
	cell := o.Cell
	if letters := s.Columns[field]; letters != "" && o.Row > 0 {
		cell = letters + strconv.Itoa(o.Row)
	}
	switch {
	case cell == "" || s.Sheet == "":
		return cell
	case plainSheet.MatchString(s.Sheet):
		return s.Sheet + "!" + cell
	}
	return "'" + strings.ReplaceAll(s.Sheet, "'", "''") + "'!" + cell
}

// plainSheet is the name of a sheet that needs no quotation marks.
var plainSheet = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_]*$`)

// checkPlaces drops what is no name of a sheet or columns.
func checkPlaces(s *Submission) {
	s.Sheet = Excerpt(s.Sheet, maxSheet)
	for field, letters := range s.Columns {
		if len(s.Columns) > maxPlainKeys || len(field) > maxField || len(letters) > 3 || strings.Trim(letters, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			s.Columns = nil
			return
		}
	}
}

// checkRows makes observations with an impossible row number Malformed ones, and cuts the
// texts of those that came in Malformed.
func checkRows(s *Submission) {
	checkPlaces(s)
	checkPart(s)
	for i := range s.Observations {
		checkRow(&s.Observations[i])
	}
}

func checkRow(o *Observation) {
	if o.Row < 0 || o.Row > maxRow {
		*o = Observation{
			Malformed: Excerpt(o.Indicator+" "+o.Period+" "+string(o.Value), maxExcerpt),
			Problem:   fmt.Sprintf("row: want 1 to %d, got %d", maxRow, o.Row),
			ProblemZH: fmt.Sprintf("字段 row 应为 1 至 %d，收到的是 %d", maxRow, o.Row),
		}
		return
	}
	o.Cell = Excerpt(o.Cell, maxCell)
	o.Malformed, o.Problem, o.ProblemZH, o.Foreign = Excerpt(o.Malformed, maxExcerpt), Excerpt(o.Problem, maxExcerpt), Excerpt(o.ProblemZH, maxExcerpt), Excerpt(o.Foreign, maxExcerpt)
}

// ID returns the submission's id: 32 hexadecimal digits of a SHA-256 over area, dataset,
// reason, the observations in any order and, where there is one, the key. Rows and the
// file's name are not part of it. The id of a [Part] depends on what all parts say.
func (s *Submission) ID() string { return s.hash(s.Key) }

// ContentID returns the id that the submission has without its key: the same content
// always has the same.
func (s *Submission) ContentID() string { return s.hash("") }

func (s *Submission) hash(key string) string {
	if s.Part != nil {
		whole := *s
		whole.Part = nil
		return s.Part.id(whole.hash(""), key)
	}
	texts := make([]byte, 0, 64*len(s.Observations)) // what most rows need
	ends := make([]int, len(s.Observations))
	for i := range s.Observations {
		o := &s.Observations[i]
		for _, field := range [...]string{
			o.Indicator, o.Period, string(o.Value), o.Unit, o.Stage, o.Status, o.Qualifier, o.Note, o.Malformed,
		} {
			texts = appendField(texts, strings.TrimSpace(field))
		}
		if action := strings.TrimSpace(o.Action); action != "" {
			texts = appendField(texts, action)
		}
		if o.Base != "" || o.Change != "" {
			texts = appendField(appendField(append(texts, "base"...), strings.TrimSpace(o.Base)), strings.TrimSpace(o.Change))
		}
		if o.Listing != nil {
			for _, field := range o.fields() {
				texts = appendField(texts, strings.TrimSpace(field))
			}
		}
		ends[i] = len(texts)
	}
	rows, begin := make([][]byte, len(ends)), 0
	for i, end := range ends {
		rows[i], begin = texts[begin:end], end
	}
	slices.SortFunc(rows, bytes.Compare)
	whole := make([]byte, 0, len(s.Area)+len(s.Dataset)+len(s.Reason)+len(texts)+(3+len(rows))*binary.MaxVarintLen16)
	for _, field := range [...]string{s.Area, s.Dataset, s.Reason} {
		whole = appendField(whole, field)
	}
	for _, row := range rows {
		whole = appendField(whole, row)
	}
	if key != "" {
		whole = appendField(append(whole, "key"...), key)
	}
	sum := sha256.Sum256(whole)
	return hex.EncodeToString(sum[:16])
}

// appendField appends a field's length and the field, so that no text in one field can
// be mistaken for the beginning of the next.
func appendField[T string | []byte](b []byte, field T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(field))), field...)
}

// SubmissionID identifies a submission by its content; see [Submission.ID].
type SubmissionID [16]byte

// ParseSubmissionID reads an id of 32 hexadecimal digits.
func ParseSubmissionID(text string) (id SubmissionID, err error) {
	if len(text) == hex.EncodedLen(len(id)) {
		if _, err := hex.Decode(id[:], []byte(text)); err == nil {
			return id, nil
		}
	}
	return SubmissionID{}, fmt.Errorf("submission id %q: want %d hexadecimal digits", text, hex.EncodedLen(len(id)))
}

// String returns the id as 32 hexadecimal digits.
func (id SubmissionID) String() string { return hex.EncodeToString(id[:]) }
