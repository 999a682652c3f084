// Package bilingual has what the program says of its own state, in Chinese and English.
//
// What goes wrong in a stage is an error, and says what, where and what to do in English, as the log
// has it. An error that people read elsewhere is an [Error], or has a method Chinese, besides. In comes
// any error; [Chinese] takes from it what is said in Chinese, and leaves the rest as it is: what other
// programs say is not translated.
package bilingual

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Text is what is said, in both languages.
type Text struct{ ZH, EN string }

// String returns the text in English.
func (t Text) String() string { return t.EN }

// Error is an error that says what it is in both languages.
type Error struct {
	Text
	Err error // the cause, which both texts tell where it matters; nil where there is none
}

// New returns an error without a cause.
func New(zh, en string) error { return &Error{Text: Text{zh, en}} }

// Errorf returns an error of two formats with the same arguments; the last error among these is the
// cause, and what it says is in the language of the format.
func Errorf(zh, en string, args ...any) error {
	e, chinese := &Error{}, slices.Clone(args)
	for i, arg := range args {
		if err, ok := arg.(error); ok {
			e.Err, chinese[i] = err, Chinese(err)
		}
	}
	e.Text = Text{fmt.Sprintf(zh, chinese...), fmt.Sprintf(en, args...)}
	return e
}

// Error returns the text in English.
func (e *Error) Error() string { return e.EN }

// Chinese returns the text in Chinese.
func (e *Error) Chinese() string { return e.ZH }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Chinese returns what an error says, in Chinese where it does, with one line for each of errors that
// were joined, and in Chinese what it tells of its cause; "" of nil.
func Chinese(err error) string {
	if err == nil {
		return ""
	}
	if of, ok := err.(interface{ Chinese() string }); ok {
		return of.Chinese()
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var lines []string
		for _, one := range joined.Unwrap() {
			lines = append(lines, Chinese(one))
		}
		// Only errors.Join puts each on a line; whatever else has several causes says more than they do.
		if errors.Join(joined.Unwrap()...).Error() == err.Error() {
			return strings.Join(lines, "\n")
		}
	}
	text := err.Error()
	if cause := errors.Unwrap(err); cause != nil {
		return strings.Replace(text, cause.Error(), Chinese(cause), 1)
	}
	return text
}
