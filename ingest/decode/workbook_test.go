package decode_test

import (
	"testing"

	"github.com/citytally/citytally/ingest/decode"
)

// Texts of a workbook are read as a person sees them, however its XML writes them.
func TestTextsOfWorkbooks(t *testing.T) {
	texts := map[string]string{ // of a cell's content
		`<is><t>a &amp; b &lt;c&gt; &quot;d&quot; &apos;e&apos;</t></is>`: `a & b <c> "d" 'e'`,
		`<is><t>&#x5730;&#21306;</t></is>`:                                "地区",
		`<is><t>one_x000D_two_x005F_</t></is>`:                            "one\rtwo_",
		"<is><t>one\r\ntwo</t></is>":                                      "one\ntwo",
		`<is><r><rPr><b/></rPr><t>地</t></r><r><t xml:space="preserve">区 </t></r><rPh><t>dì qū</t></rPh></is>`: "地区",
		`<is><t><![CDATA[1 < 2 & 3 > 2 &amp;]]></t></is>`:                                                     "1 < 2 & 3 > 2 &amp;",
		`<is><t>be<!-- <t>not</t> > this -->fore</t></is>`:                                                    "before",
		`<is><t/></is>`: "",
		`<is/>`:         "",
	}
	for content, want := range texts {
		rows := headerRow(1) + `<row r="2"><c r="A2" t="inlineStr"><is><t>gdp</t></is></c><c r="B2"><v>2022</v></c><c r="C2"><v>850.2</v></c><c r="D2" t="inlineStr">` + content + `</c></row>`
		got, err := decode.Read(rawBook(rows), options(t))
		if err != nil {
			t.Errorf("%s: %v", content, err)
			continue
		}
		if o := got.Submissions[0].Observations[0]; o.Note != want || o.Value != "850.2" {
			t.Errorf("%s: note %q, value %s; want %q", content, o.Note, o.Value, want)
		}
		shared := rawBook(headerRow(1)+`<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2"><v>2022</v></c><c r="C2" t="str"><f>1+1</f><v>850.2</v></c><c r="D2" t="s"><v>0</v></c></row>`,
			"xl/sharedStrings.xml", `<sst `+mainNamespace+`><si>`+content[len("<is>"):max(len(content)-len("</is>"), len("<is>"))]+`</si><si><t>gdp</t></si></sst>`)
		if content == `<is/>` {
			continue
		}
		if got, err = decode.Read(shared, options(t)); err != nil {
			t.Errorf("%s in the table of texts: %v", content, err)
			continue
		}
		if o := got.Submissions[0].Observations[0]; o.Note != want || o.Indicator != "gdp" || o.Value != "850.2" {
			t.Errorf("%s in the table of texts: note %q, %s = %s", content, o.Note, o.Indicator, o.Value)
		}
	}
	for _, content := range []string{`<is><t>&copy;</t></is>`, `<is><t>&#0;</t></is>`, `<is><t>a & b</t></is>`, "<is><t>\xff</t></is>", "<is><t>\x01</t></is>", `<is><t>a</is></t>`, `<is><t>a<!-- b</t></is>`} {
		rows := headerRow(1) + `<row r="2"><c r="A2" t="inlineStr"><is><t>gdp</t></is></c><c r="B2"><v>2022</v></c><c r="C2"><v>1</v></c><c r="D2" t="inlineStr">` + content + `</c></row>`
		if got, err := decode.Read(rawBook(rows), options(t)); err == nil {
			t.Errorf("%s is read: %+v", content, got.Submissions)
		}
	}
}
