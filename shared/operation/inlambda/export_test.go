package inlambda

// Choose is what Start chooses by; Start itself does not return.
var Choose = choose
