package decode

import (
	"cmp"
	"errors"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/divide"
	"github.com/citytally/citytally/ingest/event"
)

// Options are what is known of a file besides its content.
type Options struct {
	// Catalogue resolves names of indicators, areas and datasets; required.
	Catalogue *catalogue.Catalogue
	// Area and Dataset are taken where the file names none.
	Area, Dataset string
	// Own is the sender's area, whose figures they are where nothing names another.
	Own string
	// Period is that of figures for which the file names none, and the year of periods
	// without one. What a title or a file's name says counts only when Period agrees.
	Period string
	// Sheet is the name of the sheet to read of a workbook with several tables.
	Sheet string
	// File is the file's name, Reason why figures change, for the submissions.
	File, Reason string
	// Charset is what the sender says of a text's encoding. The content decides; Charset
	// does only between encodings that fit equally well.
	Charset string
	Limits  Limits
}

// Result is what a file was read as.
type Result struct {
	// Submissions are by area and dataset, in the order of their first rows. Divided are those
	// that are larger than [Limits.Message]. There is at least one of either.
	Submissions   []event.Submission
	Divided       []Divided
	Understanding Understanding
}

// Divided is a submission that is larger than a message, in parts. Rows of one year are in one
// part or in consecutive ones, the years in their order: what rules compare within a year is
// judged together, and what they compare with the year before has been judged by then. No figure
// is in two parts.
type Divided struct {
	// Head is the submission without its observations.
	Head  event.Submission
	Parts []event.Rows
}

// Read reads a file. The error is a [*catalogue.Problem] in all cases but a fault of this
// program's own.
func Read(data []byte, options Options) (Result, error) {
	options.Limits = options.Limits.withDefaults()
	var period catalogue.Period
	if options.Period != "" {
		var err error
		if period, err = catalogue.ReadPeriod(options.Period, 0); err != nil {
			return Result{}, err
		}
	}
	fresh := func(below *statedBelow) *file {
		return &file{Options: &options, period: period, understanding: &narrator{}, indexes: map[[2]string]int{}, stated: below}
	}
	f := fresh(nil)
	err := f.read(data, 0)
	if again, ok := errors.AsType[*statedBelow](err); ok {
		f = fresh(again)
		err = f.read(data, 0)
	}
	if err != nil {
		return Result{}, err
	}
	f.understanding.finish(f.observations-f.silent-f.malformed-f.foreign, f.silent+f.unspoken, f.malformed, f.foreign)
	submissions, divided := f.finish()
	return Result{Submissions: submissions, Divided: divided, Understanding: f.understanding.Understanding}, nil
}

// file is a file while it is read.
type file struct {
	*Options
	// period is the parameter of that name; the zero Period is none.
	period        catalogue.Period
	understanding *narrator
	// sheet and columns are where the table is that is being read.
	sheet   string
	columns map[string]string
	periods cache[string] // the codes of what observations as JSON have for periods
	// headerRow is the number of the row in which tables beside each other have their headers; 0 is one table.
	headerRow int
	keyed     bool   // a row is an object of JSON, and columns have names but no letters
	key       string // of a submission as JSON
	// stated is what footnotes say, known from having read the file before; nil is not known.
	stated *statedBelow
	again  bool

	// expected is how many observations there are, at a guess from the file's rows.
	expected int

	// The submissions so far, and their indexes by area and dataset. An observation belongs
	// to the last one.
	submissions  []event.Submission
	sizes        []int                    // of the submissions, in bytes as JSON, about
	divisions    map[int]*divide.Division // of the submissions that are too large, by index
	indexes      map[[2]string]int
	last         int
	observations int
	silent       int // observations that say nothing
	unspoken     int // cells that say nothing of other areas, and are no observations
	malformed    int
	foreign      int    // rows and columns of other areas than the sender's
	foreignArea  string // the first of them
	// leading holds malformed rows that came before any other.
	leading []event.Observation
}

// take puts an observation into the submission of its area and dataset, which are "" where
// the file names none. A malformed row belongs with the row before it.
func (f *file) take(o event.Observation, area, dataset string) error {
	if o.Malformed == "" && f.isForeign(area) {
		return f.takeForeign(o, area)
	}
	if f.observations++; f.observations > f.Limits.Observations {
		return tooManyRows(f.Limits.Observations)
	}
	if o.Malformed == "" {
		if o.Listing == nil && o.Status+o.Action == "" && catalogue.Silent(string(o.Value)) {
			f.silent++
		}
		f.submission(cmp.Or(area, f.Area, f.Own), cmp.Or(dataset, f.Dataset))
	} else if f.countMalformed(&o); len(f.submissions) == 0 {
		f.leading = append(f.leading, o)
		return nil
	}
	if d := f.divisions[f.last]; d != nil {
		apart := o // since d keeps it from the stack, which no other row has to pay for
		return d.Add(&apart)
	}
	to := &f.submissions[f.last]
	to.Observations = append(to.Observations, o)
	if f.sizes[f.last] += divide.Size(&o); f.Limits.Message > 0 && f.sizes[f.last] > f.Limits.Message {
		return f.divide(f.last)
	}
	return nil
}

func (f *file) countMalformed(o *event.Observation) {
	if o.Foreign != "" {
		f.foreign++
		return
	}
	f.malformed++
}

// isForeign reports whether a row that names an area is of another one than the sender's. A file that
// is sent for another area as a whole has no such rows.
func (f *file) isForeign(area string) bool {
	return area != "" && f.Own != "" && area != f.Own && (f.Area == "" || f.Area == f.Own)
}

// takeForeign puts a figure of another area where it is refused by itself, and the others count.
func (f *file) takeForeign(o event.Observation, area string) error {
	text := event.Excerpt(strings.Join([]string{area, o.Indicator, o.Period, string(o.Value)}, " "), 200)
	return f.refuseForeign(event.Observation{Row: o.Row, Cell: o.Cell, Malformed: text}, area)
}

// refuseForeign hands on what is of another area.
func (f *file) refuseForeign(o event.Observation, area string) error {
	f.foreignArea = cmp.Or(f.foreignArea, area)
	o.Foreign = event.Excerpt(area, maxSeen)
	o.Problem, o.ProblemZH = "it is of another area, "+o.Foreign, "属于其他地区："+o.Foreign
	if a, ok := f.Catalogue.Area(area); ok {
		o.Problem, o.ProblemZH = "it is of "+a.NameEN+" and not taken", "属于"+a.NameZH+"，未采用"
	}
	return f.take(o, "", "")
}

// submission makes the submission of an area and dataset the last one.
func (f *file) submission(area, dataset string) {
	if len(f.submissions) > 0 && f.submissions[f.last].Area == area && f.submissions[f.last].Dataset == dataset {
		return
	}
	at, ok := f.indexes[[2]string{area, dataset}]
	if !ok {
		at = len(f.submissions)
		if at == 0 && len(f.leading) == 0 && f.observations > 0 {
			f.leading = make([]event.Observation, 0, min(f.expected, f.Limits.Observations, maxExpected))
		}
		f.indexes[[2]string{area, dataset}] = at
		f.submissions = append(f.submissions, event.Submission{
			Area: area, Dataset: dataset, File: f.File, Sheet: f.sheet, Columns: f.columns, Reason: f.Reason, Key: f.key, Again: f.again, Observations: f.leading,
		})
		f.sizes = append(f.sizes, 0)
		f.leading = nil
	}
	f.last = at
}

// divide divides a submission from here on.
func (f *file) divide(index int) error {
	s := &f.submissions[index]
	d := divide.New(f.Limits.Message, f.expected)
	if f.divisions == nil {
		f.divisions = map[int]*divide.Division{}
	}
	f.divisions[index] = d
	for i := range s.Observations {
		if err := d.Add(&s.Observations[i]); err != nil {
			return err
		}
	}
	s.Observations = nil
	return nil
}

// maxExpected bounds for how many observations there is room before they have been read.
const maxExpected = 100_000

// finish returns the submissions, and those that are divided: at least one, though it may be
// empty.
func (f *file) finish() (whole []event.Submission, divided []Divided) {
	if len(f.submissions) == 0 {
		of := cmp.Or(f.Area, f.Own)
		if f.foreign > 0 && f.malformed == 0 {
			of = f.foreignArea // nothing but figures of others is a file for another area
		}
		f.submission(of, f.Dataset)
	}
	for i := range f.submissions {
		if d := f.divisions[i]; d != nil {
			divided = append(divided, Divided{Head: f.submissions[i], Parts: d.Parts()})
			continue
		}
		whole = append(whole, f.submissions[i])
	}
	return whole, divided
}
