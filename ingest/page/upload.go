package page

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
)

// receive takes a file, or other words about one that was taken before, and shows what it is.
func (p *Page) receive(w http.ResponseWriter, r *http.Request, v *visit) error {
	if !v.MaySend() {
		return mayNotSend()
	}
	reader, err := r.MultipartReader()
	if err != nil {
		return badForm()
	}
	upload, held, content, err := p.readUpload(w, r, v, reader)
	if err != nil {
		return err
	}
	if held != "" {
		before, ok := p.sessions.take(v.session, held)
		if !ok {
			return forgotten()
		}
		content, upload.File = before.content, before.upload.File
		p.sessions.drop(v.session, held)
	}
	if len(content) == 0 {
		return &Refusal{Status: http.StatusUnprocessableEntity, ZH: chinese.NoFile, EN: english.NoFile}
	}
	http.Redirect(w, r, "/check/"+p.sessions.hold(v.session, content, upload), http.StatusSeeOther)
	return nil
}

// readUpload reads the form, whose file comes last.
func (p *Page) readUpload(w http.ResponseWriter, r *http.Request, v *visit, reader *multipart.Reader) (upload Upload, held string, content []byte, err error) {
	upload.Area = v.Area.Code
	fields := map[string]*string{
		"dataset": &upload.Dataset, "period": &upload.Period, "sheet": &upload.Sheet, "charset": &upload.Charset, "held": &held,
	}
	for range maxFields {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return upload, held, content, nil
		}
		if err != nil {
			return upload, "", nil, badForm()
		}
		if part.FormName() == "file" {
			upload.File = strings.Map(plain, event.Excerpt(part.FileName(), maxField))
			if content, err = p.gateway.Receive(w, r, v.Who, part); err != nil {
				return upload, "", nil, err
			}
			continue
		}
		var text bytes.Buffer
		if _, err := text.ReadFrom(io.LimitReader(part, maxField+1)); err != nil || text.Len() > maxField {
			return upload, "", nil, badForm()
		}
		if to := fields[part.FormName()]; to != nil {
			*to = strings.Map(plain, text.String())
		}
	}
	return upload, "", nil, badForm()
}

const (
	// maxFields is how many fields a form with a file may have, maxField the most bytes of one.
	maxFields, maxField = 12, 200
	// maxReason is the most bytes of a reason.
	maxReason = 2000
)

func mayNotSend() error {
	return &Refusal{Status: http.StatusForbidden, ZH: chinese.MayNotSend, EN: english.MayNotSend}
}

func badForm() error {
	return &Refusal{Status: http.StatusBadRequest, ZH: chinese.BadForm, EN: english.BadForm}
}

func forgotten() error {
	return &Refusal{Status: http.StatusGone, ZH: chinese.Forgotten, EN: english.Forgotten}
}

// checkPage shows what a file would be taken for.
type checkPage struct {
	Form uploadForm
	// Refused is why the file cannot be read, with what to do.
	Refused *Refusal
	ZH, EN  string // one sentence on what was understood
	// Notes are what has to be seen before anything is sent; Rows are those about headings, totals and
	// footnotes. Omitted counts those in neither.
	Notes, Rows []event.Finding
	Omitted     int
	Parts       []part
	// Foreseen is what would become of it; nil where that cannot be told now. Totals are
	// those of the city that would move.
	Foreseen *inquiry.Foreseen
	Totals   []move
	// MaySend is false where nothing of the file would be accepted.
	MaySend bool
}

// part is one submission of a file.
type part struct {
	Area, Dataset string
	Rows          *rows
}

// askedPeriod is the period that a refusal asks to be confirmed: what a title or the file's name says.
var askedPeriod = regexp.MustCompile(`\bperiod=(\d{4}[-\w]*)`)

func (p *Page) check(w http.ResponseWriter, r *http.Request, v *visit) error {
	id := r.PathValue("file")
	file, ok := p.sessions.take(v.session, id)
	if !ok {
		return forgotten()
	}
	shown := checkPage{Form: uploadForm{Upload: file.upload, Held: id}}
	checked, err := p.gateway.Check(w, r, v.Who, file.content, file.upload)
	if refused, ok := errors.AsType[*Refusal](err); ok {
		shown.Refused, shown.Form.Open = refused, true
		if told := askedPeriod.FindStringSubmatch(refused.EN); told != nil && file.upload.Period == "" {
			shown.Form.Upload.Period = v.Period(told[1])
		}
		return p.render(w, v, refused.Status, "check", v.W.NotRead, &shown)
	}
	if err != nil {
		return err
	}
	shown.ZH, shown.EN = checked.Understood.ZH, checked.Understood.EN
	if file.upload.Typed && len(checked.Submissions) == 1 { // nobody has to be told of the file that the page made
		n := len(checked.Submissions[0].Observations)
		shown.ZH, shown.EN = fmt.Sprintf(chinese.Typed, n), fmt.Sprintf(english.Typed, n)
	}
	for _, note := range checked.Understood.Notes {
		if note.Code == "ROW_PASSED_OVER" {
			shown.Rows = append(shown.Rows, note)
		} else {
			shown.Notes = append(shown.Notes, note)
		}
	}
	shown.Omitted = checked.Understood.NotesOmitted
	for i := range checked.Submissions {
		s := &checked.Submissions[i]
		var verdict *event.Verdict
		if checked.Foreseen != nil && i < len(checked.Foreseen.Verdicts) {
			verdict = &checked.Foreseen.Verdicts[i]
		}
		shown.Parts = append(shown.Parts, part{Area: s.Area, Dataset: s.Dataset, Rows: v.rowsOf(s, verdict)})
		shown.MaySend = shown.MaySend || verdict == nil || verdict.Outcome != event.Rejected
	}
	if shown.Foreseen = checked.Foreseen; shown.Foreseen != nil {
		v.inCatalogueOrder(checked.Foreseen.Totals)
		for i := range checked.Foreseen.Totals {
			shown.Totals = append(shown.Totals, v.moveOf(&checked.Foreseen.Totals[i]))
		}
	}
	return p.render(w, v, http.StatusOK, "check", v.W.CheckTitle, &shown)
}

// send makes the submissions of a file that was looked at durable.
func (p *Page) send(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	id := r.PostForm.Get("held")
	file, ok := p.sessions.take(v.session, id)
	if !ok {
		return forgotten()
	}
	upload := file.upload
	upload.Reason, upload.Again = r.PostForm.Get("reason"), r.PostForm.Get("again") != ""
	if _, steers := event.ControlIn(upload.Reason, ""); steers || len(upload.Reason) > maxReason {
		return badForm()
	}
	sent, err := p.gateway.Send(w, r, v.Who, file.content, upload)
	if err != nil {
		return err
	}
	p.sessions.drop(v.session, id)
	if len(sent) == 1 {
		to := "/submissions/" + sent[0].ID
		if sent[0].Repeated {
			to += "?repeated=1"
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
		return nil
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}
