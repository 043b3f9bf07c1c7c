package lines

import (
	"bytes"

	"lockstep/functions/toystore"
)

type method byte

const (
	wrong method = iota // no request: the text says what is wrong
	query
	buy
)

// request is one line, understood.
type request struct {
	method method
	text   string // the toy's name
}

// parse understands a line. It keeps the text that r has if it is the same: clients ask
// for the same toys over and over, and a copy of each name is garbage.
func (r *request) parse(line []byte) {
	word, name, found := bytes.Cut(line, []byte{':'})
	if !found {
		*r = request{wrong, "a request reads 'Query: ' or 'Buy: ' and the name of a toy"}
		return
	}
	switch word = bytes.Trim(word, " "); {
	case bytes.EqualFold(word, []byte("query")):
		r.method = query
	case bytes.EqualFold(word, []byte("buy")):
		r.method = buy
	default:
		*r = request{wrong, "the method must be Query or Buy"}
		return
	}
	r.named(bytes.Trim(name, " "))
}

// named sets the name. The service would refuse one that is too long as well, but
// connections should not keep such names until then.
func (r *request) named(name []byte) {
	if len(name) > toystore.MaxName {
		*r = request{wrong, toystore.CheckName("name", string(name)).Error()}
		return
	}
	if r.text != string(name) {
		r.text = string(name)
	}
}
