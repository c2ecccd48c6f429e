// Whether PDF files are what they claim: veraPDF's library, with a profile for each claim.
//
// Arguments: files. Prints each broken rule, and exits with 1 if there is any.

import java.io.FileInputStream;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

class Verify {
    public static void main(String[] files) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        boolean isSound = true;
        for (String file : files) {
            for (PDFAFlavour claim : new PDFAFlavour[] {PDFAFlavour.PDFA_2_A, PDFAFlavour.PDFUA_1}) {
                isSound &= isCompliant(file, claim);
            }
        }
        System.exit(isSound ? 0 : 1);
    }

    private static boolean isCompliant(String file, PDFAFlavour claim) throws Exception {
        try (FileInputStream content = new FileInputStream(file);
                PDFAParser parser = Foundries.defaultInstance().createParser(content, claim);
                PDFAValidator validator = Foundries.defaultInstance().createValidator(claim, false)) {
            ValidationResult result = validator.validate(parser);
            System.out.println(file + " is " + (result.isCompliant() ? "" : "NOT ") + claim);
            for (TestAssertion broken : result.getTestAssertions()) {
                System.out.println("  " + broken.getRuleId() + ": " + broken.getMessage());
            }
            return result.isCompliant();
        }
    }
}
