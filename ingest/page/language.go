package page

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/text/language"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
)

// Language is the language of the reader.
type Language string

// The languages.
const (
	Chinese Language = "zh"
	English Language = "en"
)

const languageCookie = "citytally_language"

// offered are the languages of the page; the first is that of a browser that asks for none.
var offered = language.NewMatcher([]language.Tag{language.SimplifiedChinese, language.English})

// languageOf returns the language that the reader chose, or else the one that the browser asks for.
func languageOf(r *http.Request) Language {
	if c, err := r.Cookie(languageCookie); err == nil {
		switch l := Language(c.Value); l {
		case Chinese, English:
			return l
		}
	}
	_, i := language.MatchStrings(offered, r.Header.Get("Accept-Language"))
	if i == 1 {
		return English
	}
	return Chinese
}

func (l Language) words() *Words {
	if l == English {
		return &english
	}
	return &chinese
}

func (l Language) choose(zh, en string) string {
	if l == English && en != "" || zh == "" {
		return en
	}
	return zh
}

// chooseLanguage keeps the reader's choice and goes back to the page they were on.
func (p *Page) chooseLanguage(w http.ResponseWriter, r *http.Request, _ *visit) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	l := Language(r.PostForm.Get("language"))
	if l != Chinese && l != English {
		l = Chinese
	}
	http.SetCookie(w, &http.Cookie{
		Name: languageCookie, Value: string(l), Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: secure(r),
	})
	http.Redirect(w, r, ownPath(r.PostForm.Get("back")), http.StatusSeeOther)
	return nil
}

// ownPath returns an address of this page, whatever a form names.
func ownPath(back string) string {
	u, err := url.Parse(back)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || strings.Contains(back, `\`) {
		return "/"
	}
	return u.EscapedPath()
}

// Period names a period, such as 2021年三季度.
func (v *visit) Period(code string) string {
	period, err := catalogue.ParsePeriod(code)
	if err != nil {
		return code
	}
	words, year, index := &v.W.Periods, int(period.Year), period.Index-1
	switch {
	case period.Kind == catalogue.Half:
		return fmt.Sprintf(words.Half, year, words.Halves[index])
	case period.Kind == catalogue.Quarter:
		return fmt.Sprintf(words.Quarter, year, words.Quarters[index])
	case period.Kind == catalogue.Month, period.Kind == catalogue.YearToDate && index == 0:
		return fmt.Sprintf(words.Month, year, words.Months[index])
	case period.Kind == catalogue.YearToDate:
		return fmt.Sprintf(words.YearToDate, year, words.Months[index])
	}
	return fmt.Sprintf(words.Year, year)
}

// Indicator returns the name of an indicator.
func (v *visit) Indicator(id string) string {
	i, ok := v.page.catalogue().Indicator(id)
	if !ok {
		return id
	}
	return v.Language.choose(i.NameZH, i.NameEN)
}

// Reported writes an area's figure of an indicator exactly.
func (v *visit) Reported(indicator string, s event.Said) string {
	return v.inForce(&inquiry.Figure{Indicator: indicator, Said: s})
}

// Said writes what was reported for a cell, with its qualifier and stage; "" where there is
// nothing.
func (v *visit) Said(s *event.Said) string {
	if s == nil {
		return ""
	}
	figure := v.W.NoFigure
	switch {
	case s.Status == catalogue.Withdrawn.String():
		return v.W.Effects[event.WithdrewIt]
	case s.Value != "":
		figure = s.Value
		if format, ok := v.W.Qualifiers[s.Qualifier]; ok {
			figure = fmt.Sprintf(format, figure)
		}
	}
	if stage := v.W.Stages[s.Stage]; stage != "" {
		figure = fmt.Sprintf(v.W.WithStage, figure, stage)
	}
	return figure
}
