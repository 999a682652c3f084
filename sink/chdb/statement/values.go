package statement

import (
	"bytes"
	"io"
	"slices"
)

// valuesLookahead is how many tokens refuseRow looks at, from one on.
const valuesLookahead = 4

// valuesChunkBytes is how much of the rows is read at once.
const valuesChunkBytes = 64 << 10

// valuesReader passes rows in the format Values on to the engine, which evaluates them as expressions: whatever would
// leave the engine there is refused before it arrives. It holds back no more than a chunk, or the longest literal.
type valuesReader struct {
	body    io.Reader
	pending []byte // read, not yet looked at; begins with a token
	last    byte   // of the lexer at pending's begin
	checked []byte // looked at, to be given
	err     error  // of body, or the refusal
}

// NewValuesReader returns a reader of body, rows in the format Values, that checks each expression before it gives it.
func NewValuesReader(body io.Reader) io.Reader { return &valuesReader{body: body} }

// Read implements io.Reader. Its error is *exception.Error 497 when a row calls what it must not.
func (v *valuesReader) Read(b []byte) (int, error) {
	for len(v.checked) == 0 {
		if v.err != nil {
			return 0, v.err
		}
		v.fill()
	}
	n := copy(b, v.checked)
	v.checked = v.checked[n:]
	return n, nil
}

// fill reads as much again as is pending, so that a long literal is not read over and over, and moves what is whole to ready.
func (v *valuesReader) fill() {
	var more bytes.Buffer
	_, err := io.CopyN(&more, v.body, int64(max(valuesChunkBytes, len(v.pending))))
	v.pending = append(v.pending, more.Bytes()...)
	p := parser{text: string(v.pending)}
	lex := lexer{text: p.text, lastByte: v.last}
	lasts := []byte{v.last}
	for {
		t, ok := lex.next()
		if !ok {
			break
		}
		p.tokens = append(p.tokens, t)
		lasts = append(lasts, lex.lastByte)
	}
	whole, cut := len(p.tokens), len(v.pending)
	if err == nil { // the last tokens may go on in what comes, and a $ may turn out to open a heredoc
		whole = max(0, whole-valuesLookahead)
		if open := slices.IndexFunc(p.tokens[:whole], p.mayOpenHeredoc); open >= 0 {
			whole = open
		}
		cut = 0
		if whole > 0 {
			cut = p.tokens[whole].start
		}
	}
	for i := range whole {
		if refusal := p.refuseRow(i); refusal != nil {
			v.pending, v.err = nil, refusal
			return
		}
	}
	v.err, v.last = err, lasts[whole]
	v.checked = v.pending[:cut:cut]
	v.pending = append([]byte(nil), v.pending[cut:]...)
}

// mayOpenHeredoc says whether a token is a word only as long as no more text comes.
func (p *parser) mayOpenHeredoc(t token) bool { return t.kind == word && p.text[t.start] == '$' }

// refuseRow answers a call at token i that a row's expression must not make. Rows have no columns to refer to, so the bare
// name of such a function is enough.
func (p *parser) refuseRow(i int) error {
	if isOutsideFunction(p.name(i)) || p.callsFormat(i) || p.buildsStructure(i) {
		return Denied(Excerpt(p.at(i)), "send the value itself.")
	}
	return nil
}
