package quote

// Decode returns the quote of an answer. The fuzzer takes it without tries and sockets,
// whose goroutines take another way each time, which looks like news to it.
var Decode = decode
