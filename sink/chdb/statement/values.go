package statement

import (
	"bytes"
	"io"
	"slices"
)

// valuesLookahead is how many tokens refuseRow looks at, the one it is called for included.
const valuesLookahead = 4

// valuesChunkBytes is the least that is read of the rows at once.
const valuesChunkBytes = 64 << 10

// valuesReader checks rows in the format Values, which the engine evaluates as expressions, before it passes them on. It
// buffers at most a chunk, or the longest literal.
type valuesReader struct {
	body    io.Reader
	pending []byte // read but not yet checked; begins with a token
	last    byte   // of the lexer at pending's begin
	checked []byte // checked but not yet returned
	err     error  // the error of body, or the refusal
}

// NewValuesReader returns a reader of body, which holds rows in the format Values, that checks every expression before it
// returns it.
func NewValuesReader(body io.Reader) io.Reader { return &valuesReader{body: body} }

// Read implements io.Reader. Its error is ACCESS_DENIED (497) when a row calls a function that reaches outside the engine.
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

// fill reads on and moves the complete tokens to checked. It reads at least as much as is pending, so that the time for a
// long literal grows with its length and not with the square of it.
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
	if err == nil { // what follows may belong to the last tokens, and may turn a $ into the beginning of a heredoc
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

// mayOpenHeredoc says whether more text could turn the word t into the beginning of a heredoc.
func (p *parser) mayOpenHeredoc(t token) bool { return t.kind == word && p.text[t.start] == '$' }

// refuseRow refuses a call at token i that reaches outside the engine. The function's bare name is enough, because a row has
// no columns that could bear it.
func (p *parser) refuseRow(i int) error {
	if isOutsideFunction(p.name(i)) || p.callsFormat(i) || p.buildsStructure(i) {
		return Denied(Excerpt(p.at(i)), "send the value itself.")
	}
	return nil
}
